#![forbid(unsafe_code)]
//! Closures of the host's as Lua functions: their forms, and the native that calls them.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use super::SharedFunction;
use super::convert::IntoLua;
use super::convert::multi::{FromArgs, IntoResults};
use super::object::cell::{AccessError, ObjectCell, ObjectMut, ObjectRef};
use super::object::{UserData, object_at};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::native::Returned;
use crate::value::borrowed::{Function, Value};

/// A closure or function of Rust that Lua can call. It has one of three forms, with up
/// to ten parameters after the context:
///
/// - `|a: f64, b: &str| ...`: no context. Parameters may borrow from Lua's values.
/// - `|cx: &CallCx<'_>, a: f64, t: Table<'_>| ...`: may make values and read and write
///   tables; cannot call Lua.
/// - `|cx: &mut CallCx<'_>, a: f64, f: FunctionRoot| ...`: may call Lua, so its parameters
///   own what they hold.
///
/// A parameter is anything with [`crate::FromLua`], a `&T` or `&mut T` of a
/// [`UserData`] type, or an `Option` of these; the last may be a [`crate::Variadic`].
/// The types have to be written down: nothing else says what Lua's values are to
/// become. What it may return is said at [`IntoResults`].
///
/// A panic goes through Lua to the host; the VM stays usable.
///
/// `M` is for the compiler to find.
///
/// ```
/// use lua_vm::{CallCx, Error, FunctionRoot, Lua, Table, Vm};
///
/// let mut vm = Vm::default();
/// let greet = vm.create_function(|name: &str, n: Option<u32>| {
///     format!("hello {name}").repeat(n.unwrap_or(1) as usize)
/// })?;
/// let sum = vm.create_function(|cx: &CallCx<'_>, list: Table<'_>| {
///     (1..=list.len()).map(|i| list.field::<f64>(cx, i)).sum::<Result<f64, _>>()
/// })?;
/// let twice = vm.create_function(|cx: &mut CallCx<'_>, f: FunctionRoot| -> Result<f64, Error> {
///     Ok(f.call::<f64>(cx, 1)? + f.call::<f64>(cx, 2)?)
/// })?;
/// vm.set_global("greet", greet)?;
/// vm.set_global("sum", sum)?;
/// vm.set_global("twice", twice)?;
/// let all: (String, f64, f64) = vm.eval("greet('you'), sum{1, 2, 3}, twice(function(x) return x * 10 end)")?;
/// assert_eq!(all, ("hello you".into(), 6.0, 30.0));
/// # Ok::<(), lua_vm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function that Lua can call",
    note = "it takes, after an optional `&CallCx<'_>` or `&mut CallCx<'_>`, up to ten parameters of types with `FromLua`, or `&T` and `&mut T` of a `UserData` type",
    note = "beside `&mut CallCx<'_>` parameters own their data: `String` for `&str`, `TableRoot` for `Table`",
    note = "it returns a type with `IntoLua`, a tuple, or a `Result` of these",
    note = "the types of all parameters are written down"
)]
pub trait HostFn<M> {
    #[doc(hidden)]
    fn run(&mut self, cx: &mut CallCx<'_>) -> Result<Returned, LuaError>;
}

/// How a parameter gets its value; `K` tells the kinds apart, for the compiler alone.
/// A value is converted and passed; a `&T` needs a guard for as long as the function
/// runs, and the guard the object's cell.
pub trait Parameter<K>: Sized {
    /// What is passed: `'v` is the context's lifetime, `'g` that of the guard's borrow.
    type Passed<'v, 'g>;
    /// The converted value.
    type Held<'v>;
    /// The object's cell.
    type Keeper;
    /// Keeps the object borrowed.
    type Guard<'k>;

    fn fetch<'v>(cx: &'v CallCx<'_>, i: usize) -> Result<(Self::Held<'v>, Self::Keeper), LuaError>;

    fn guard(keeper: &Self::Keeper) -> Result<Self::Guard<'_>, AccessError>;

    fn pass<'v, 'g>(
        held: Self::Held<'v>,
        guard: &'g mut Self::Guard<'_>,
        context: PhantomData<&'v ()>,
    ) -> Result<Self::Passed<'v, 'g>, AccessError>;
}

/// A parameter that holds no borrow of the context.
pub trait OwnedParameter<K>: for<'v> Parameter<K, Held<'v> = Self::Owned> {
    type Owned;
}

/// The kinds of parameters.
pub struct ByValue;
pub struct ByRef;
pub struct ByMut;
pub struct ByOptionalRef;
pub struct ByOptionalMut;

impl<T: FromArgs> Parameter<ByValue> for T {
    type Passed<'v, 'g> = T::Output<'v>;
    type Held<'v> = T::Output<'v>;
    type Keeper = ();
    type Guard<'k> = ();

    fn fetch<'v>(cx: &'v CallCx<'_>, i: usize) -> Result<(T::Output<'v>, ()), LuaError> {
        Ok((T::from_args(cx, i)?, ()))
    }

    fn guard((): &()) -> Result<(), AccessError> {
        Ok(())
    }

    fn pass<'v>(
        held: T::Output<'v>,
        _: &mut (),
        _: PhantomData<&'v ()>,
    ) -> Result<T::Output<'v>, AccessError> {
        Ok(held)
    }
}

impl<T> OwnedParameter<ByValue> for T
where
    T: for<'v> FromArgs<Output<'v> = T>,
{
    type Owned = T;
}

macro_rules! object_parameters {
    ($($kind:ident $optional:ident ($parameter:ty, $passed:ty) $guard:ident $borrow:ident $get:ident;)*) => {$(
        impl<'x, T: UserData> Parameter<$kind> for $parameter {
            type Passed<'v, 'g> = $passed;
            type Held<'v> = ();
            type Keeper = Rc<ObjectCell<T>>;
            type Guard<'k> = $guard<'k, T>;

            fn fetch(cx: &CallCx<'_>, i: usize) -> Result<((), Rc<ObjectCell<T>>), LuaError> {
                match object_at(cx.arg(i)) {
                    Ok(cell) => Ok(((), Rc::clone(cell))),
                    Err(error) => Err(cx.conversion_error(i, error)),
                }
            }

            fn guard(keeper: &Rc<ObjectCell<T>>) -> Result<$guard<'_, T>, AccessError> {
                keeper.$borrow()
            }

            fn pass<'v, 'g>(
                (): (),
                guard: &'g mut $guard<'_, T>,
                _: PhantomData<&'v ()>,
            ) -> Result<$passed, AccessError> {
                guard.$get()
            }
        }

        impl<'x, T: UserData> OwnedParameter<$kind> for $parameter {
            type Owned = ();
        }

        impl<'x, T: UserData> Parameter<$optional> for Option<$parameter> {
            type Passed<'v, 'g> = Option<$passed>;
            type Held<'v> = ();
            type Keeper = Option<Rc<ObjectCell<T>>>;
            type Guard<'k> = Option<$guard<'k, T>>;

            fn fetch(
                cx: &CallCx<'_>,
                i: usize,
            ) -> Result<((), Option<Rc<ObjectCell<T>>>), LuaError> {
                if cx.arg(i).is_nil() {
                    return Ok(((), None));
                }
                let ((), cell) = <$parameter as Parameter<$kind>>::fetch(cx, i)?;
                Ok(((), Some(cell)))
            }

            fn guard(
                keeper: &Option<Rc<ObjectCell<T>>>,
            ) -> Result<Option<$guard<'_, T>>, AccessError> {
                keeper.as_ref().map(|cell| cell.$borrow()).transpose()
            }

            fn pass<'v, 'g>(
                (): (),
                guard: &'g mut Option<$guard<'_, T>>,
                _: PhantomData<&'v ()>,
            ) -> Result<Option<$passed>, AccessError> {
                guard.as_mut().map(|guard| guard.$get()).transpose()
            }
        }

        impl<'x, T: UserData> OwnedParameter<$optional> for Option<$parameter> {
            type Owned = ();
        }
    )*};
}

object_parameters! {
    ByRef ByOptionalRef (&'x T, &'g T) ObjectRef guard get;
    ByMut ByOptionalMut (&'x mut T, &'g mut T) ObjectMut guard_mut get_mut;
}

/// The three forms of functions, for `M`.
pub struct Plain;
pub struct Shared;
pub struct Exclusive;

/// For closures with these parameters, the three forms:
///
/// ```text
/// impl<F, R, A, K> HostFn<(Plain, fn(A) -> R, (K,))> for F
/// where
///     F: FnMut(A) -> R,                                     // finds A
///     F: FnMut(<A as Parameter<K>>::Passed<'_, '_>) -> R,   // is called
/// {
///     fn run(&mut self, cx) {
///         let (held, keeper) = A::fetch(cx, 1)?;
///         let mut guard = A::guard(&keeper)?;
///         self(A::pass(held, &mut guard)?).into_results(cx)
///     }
/// }
/// ```
macro_rules! functions {
    ($($A:ident $K:ident $g:lifetime $i:literal $held:ident $keeper:ident $guard:ident),*) => {
        impl<F, R, $($A, $K),*> HostFn<(Plain, fn($($A),*) -> R, ($($K,)*))> for F
        where
            F: FnMut($($A),*) -> R,
            F: for<'v, $($g),*> FnMut($(<$A as Parameter<$K>>::Passed<'v, $g>),*) -> R,
            R: IntoResults,
            $($A: Parameter<$K>,)*
        {
            fn run(&mut self, cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
                let cx = &*cx;
                $(let ($held, $keeper) = $A::fetch(cx, $i)?;)*
                $(let mut $guard = borrowed(cx, $i, $A::guard(&$keeper))?;)*
                $(let $held = borrowed(cx, $i, $A::pass($held, &mut $guard, PhantomData))?;)*
                self($($held),*).into_results(cx)
            }
        }

        impl<F, R, $($A, $K),*> HostFn<(Shared, fn($($A),*) -> R, ($($K,)*))> for F
        where
            F: FnMut(&CallCx<'_>, $($A),*) -> R,
            F: for<'c, 'x, 'v, $($g),*> FnMut(
                &'c CallCx<'x>,
                $(<$A as Parameter<$K>>::Passed<'v, $g>),*
            ) -> R,
            R: IntoResults,
            $($A: Parameter<$K>,)*
        {
            fn run(&mut self, cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
                let cx = &*cx;
                $(let ($held, $keeper) = $A::fetch(cx, $i)?;)*
                $(let mut $guard = borrowed(cx, $i, $A::guard(&$keeper))?;)*
                $(let $held = borrowed(cx, $i, $A::pass($held, &mut $guard, PhantomData))?;)*
                self(cx, $($held),*).into_results(cx)
            }
        }

        impl<F, R, $($A, $K),*> HostFn<(Exclusive, fn($($A),*) -> R, ($($K,)*))> for F
        where
            F: FnMut(&mut CallCx<'_>, $($A),*) -> R,
            F: for<'c, 'x, 'v, $($g),*> FnMut(
                &'c mut CallCx<'x>,
                $(<$A as Parameter<$K>>::Passed<'v, $g>),*
            ) -> R,
            R: IntoResults,
            $($A: OwnedParameter<$K>,)*
        {
            fn run(&mut self, cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
                $(let ($held, $keeper) = $A::fetch(cx, $i)?;)*
                $(let mut $guard = borrowed(cx, $i, $A::guard(&$keeper))?;)*
                $(let $held = borrowed(cx, $i, $A::pass($held, &mut $guard, PhantomData))?;)*
                self(&mut *cx, $($held),*).into_results(cx)
            }
        }
    };
}

fn borrowed<T>(cx: &CallCx<'_>, i: usize, result: Result<T, AccessError>) -> Result<T, LuaError> {
    result.map_err(|error| cx.arg_error(i, error.to_string()))
}

functions!();
functions!(A K1 'g1 1 a ka ga);
functions!(A K1 'g1 1 a ka ga, B K2 'g2 2 b kb gb);
functions!(A K1 'g1 1 a ka ga, B K2 'g2 2 b kb gb, C K3 'g3 3 c kc gc);
functions!(
    A K1 'g1 1 a ka ga,
    B K2 'g2 2 b kb gb,
    C K3 'g3 3 c kc gc,
    D K4 'g4 4 d kd gd
);
functions!(
    A K1 'g1 1 a ka ga,
    B K2 'g2 2 b kb gb,
    C K3 'g3 3 c kc gc,
    D K4 'g4 4 d kd gd,
    E K5 'g5 5 e ke ge
);
functions!(
    A K1 'g1 1 a ka ga,
    B K2 'g2 2 b kb gb,
    C K3 'g3 3 c kc gc,
    D K4 'g4 4 d kd gd,
    E K5 'g5 5 e ke ge,
    G K6 'g6 6 g kg gg
);
functions!(
    A K1 'g1 1 a ka ga,
    B K2 'g2 2 b kb gb,
    C K3 'g3 3 c kc gc,
    D K4 'g4 4 d kd gd,
    E K5 'g5 5 e ke ge,
    G K6 'g6 6 g kg gg,
    H K7 'g7 7 h kh gh
);
functions!(
    A K1 'g1 1 a ka ga,
    B K2 'g2 2 b kb gb,
    C K3 'g3 3 c kc gc,
    D K4 'g4 4 d kd gd,
    E K5 'g5 5 e ke ge,
    G K6 'g6 6 g kg gg,
    H K7 'g7 7 h kh gh,
    I K8 'g8 8 i ki gi
);
functions!(
    A K1 'g1 1 a ka ga,
    B K2 'g2 2 b kb gb,
    C K3 'g3 3 c kc gc,
    D K4 'g4 4 d kd gd,
    E K5 'g5 5 e ke ge,
    G K6 'g6 6 g kg gg,
    H K7 'g7 7 h kh gh,
    I K8 'g8 8 i ki gi,
    J K9 'g9 9 j kj gj
);
functions!(
    A K1 'g1 1 a ka ga,
    B K2 'g2 2 b kb gb,
    C K3 'g3 3 c kc gc,
    D K4 'g4 4 d kd gd,
    E K5 'g5 5 e ke ge,
    G K6 'g6 6 g kg gg,
    H K7 'g7 7 h kh gh,
    I K8 'g8 8 i ki gi,
    J K9 'g9 9 j kj gj,
    L K10 'g10 10 l kl gl
);

/// A closure that may be entered again while it runs.
pub(crate) fn shared<'f, F, M>(function: F) -> SharedFunction<'f>
where
    F: 'f,
    for<'r> &'r F: HostFn<M>,
{
    Rc::new(move |cx: &mut CallCx<'_>| (&function).run(cx))
}

/// A closure that may not.
pub(crate) fn exclusive<'f, F, M>(function: F) -> SharedFunction<'f>
where
    F: HostFn<M> + 'f,
{
    let function = RefCell::new(function);
    Rc::new(move |cx: &mut CallCx<'_>| match function.try_borrow_mut() {
        Ok(mut function) => function.run(cx),
        Err(_) => Err(cx.error("function called while it is running")),
    })
}

/// What a native function finds its closure in: its upvalue 1.
struct Callback(SharedFunction<'static>);

/// A Lua function that calls the closure.
pub(crate) fn new_native<'v>(
    cx: &'v CallCx<'_>,
    function: SharedFunction<'static>,
) -> Result<Function<'v>, LuaError> {
    // Two counts and a box beside what is captured.
    let bytes = size_of_val(&*function) + 5 * size_of::<usize>();
    let callback = cx.new_userdata_of_size(Box::new(Callback(function)), bytes)?;
    cx.new_closure(call, &[Value::Userdata(callback)])
}

fn call(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let Value::Userdata(callback) = cx.upvalue(1) else {
        return Err(cx.error("function without its closure"));
    };
    let Some(Callback(function)) = callback.downcast() else {
        return Err(cx.error("function without its closure"));
    };
    // It may lose its upvalue, and be collected, while it runs.
    let function = Rc::clone(function);
    function(cx)
}

/// A closure of the host's as a value: see [`Function::wrap`].
pub struct Wrapped(SharedFunction<'static>);

impl Function<'_> {
    /// A closure of the host's as a value, to be passed or stored without a further step:
    /// `vm.set_global("add", Function::wrap(|a: f64, b: f64| a + b))`.
    pub fn wrap<F, M>(function: F) -> Wrapped
    where
        F: 'static,
        for<'f> &'f F: HostFn<M>,
    {
        Wrapped(shared(function))
    }

    /// As [`Function::wrap`], for a closure that changes what it has captured.
    pub fn wrap_mut<F, M>(function: F) -> Wrapped
    where
        F: HostFn<M> + 'static,
    {
        Wrapped(exclusive(function))
    }
}

impl IntoLua for Wrapped {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        Ok(Value::Function(new_native(cx, self.0)?))
    }
}

impl std::fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wrapped")
    }
}
