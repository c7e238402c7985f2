#![forbid(unsafe_code)]
//! Objects of the host's in Lua: types with methods, fields and metamethods.
//!
//! Each type has one metatable in each VM, made when the first object of it gets there.
//! A method is an ordinary function whose first parameter is a `&T` or `&mut T`: the
//! payload's type decides what is a `T`, never the metatable.

pub(crate) mod cell;

use std::any::TypeId;
use std::cell::{Ref, RefMut};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::rc::Rc;

use super::convert::{FromLua, FromLuaError, IntoLua, class_name};
use super::function::{self, HostFn};
use super::{HostState, SharedFunction};
use crate::error::LuaError;
use crate::func::call_cx::CallCx;
use crate::func::native::Returned;
use crate::value::borrowed::{Table, Userdata, Value};
use cell::{AccessError, ObjectCell};

/// A type whose values can be objects in Lua.
///
/// ```
/// use lua_vm::{Class, Lua, Meta, UserData, Vm};
///
/// struct Counter { count: i64 }
///
/// impl Counter {
///     fn add(&mut self, n: i64) -> i64 { self.count += n; self.count }
/// }
///
/// impl UserData for Counter {
///     fn register(class: &mut Class<'_, Self>) {
///         class
///             .function("new", |count: i64| Counter { count })
///             .method("add", Counter::add)
///             .getter("count", |this: &Counter| this.count)
///             .setter("count", |this: &mut Counter, n: i64| this.count = n)
///             .meta(Meta::Len, |this: &Counter| this.count)
///             .meta(Meta::Add, |a: &Counter, b: &Counter| Counter { count: a.count + b.count });
///     }
/// }
///
/// let mut vm = Vm::default();
/// let class = vm.class::<Counter>()?;
/// vm.set_global("Counter", class)?;
/// let counter = vm.create_object(Counter { count: 40 })?;
/// vm.set_global("c", &counter)?;
/// assert_eq!(vm.eval::<i64>("c:add(1)")?, 41);
/// vm.exec("c.count = c.count + 1")?;
/// assert_eq!(counter.borrow()?.count, 42);
/// assert_eq!(vm.eval::<i64>("#(c + Counter.new(8))")?, 50);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait UserData: Sized + 'static {
    /// What messages call the type: `Counter expected, got Timer`.
    fn type_name() -> &'static str {
        let path = std::any::type_name::<Self>();
        let path = path.split('<').next().unwrap_or(path);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// Lists methods, fields and metamethods. It is called once in each VM.
    fn register(class: &mut Class<'_, Self>);
}

/// The events that a metatable may handle (manual §2.8). `__gc` is not among them: an
/// object that is collected is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // manual §2.8
pub enum Meta {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Unm,
    Concat,
    Len,
    /// Asked for two objects that are not the same one.
    Eq,
    Lt,
    Le,
    Call,
    ToString,
    /// Asked for a name that is neither method nor getter.
    Index,
    /// Asked for a name that has no setter.
    NewIndex,
}

impl Meta {
    fn field(self) -> &'static str {
        match self {
            Meta::Add => "__add",
            Meta::Sub => "__sub",
            Meta::Mul => "__mul",
            Meta::Div => "__div",
            Meta::Mod => "__mod",
            Meta::Pow => "__pow",
            Meta::Unm => "__unm",
            Meta::Concat => "__concat",
            Meta::Len => "__len",
            Meta::Eq => "__eq",
            Meta::Lt => "__lt",
            Meta::Le => "__le",
            Meta::Call => "__call",
            Meta::ToString => "__tostring",
            Meta::Index => "__index",
            Meta::NewIndex => "__newindex",
        }
    }
}

/// What `__index` and `__newindex` of a type do beyond the methods. They call these
/// functions in their own frame, so that errors have the position of the access.
#[derive(Default)]
struct Fields {
    getters: HashMap<Box<[u8]>, SharedFunction<'static>>,
    setters: HashMap<Box<[u8]>, SharedFunction<'static>>,
    index: Option<SharedFunction<'static>>,
    new_index: Option<SharedFunction<'static>>,
}

/// What a type has in Lua: [`UserData::register`] fills it in. All methods take closures
/// as [`HostFn`] describes, and return the class to go on with.
pub struct Class<'c, T> {
    cx: &'c CallCx<'c>,
    methods: Table<'c>,
    metatable: Table<'c>,
    fields: Fields,
    /// The first error.
    result: Result<(), LuaError>,
    marker: PhantomData<fn(T)>,
}

impl<'c, T: UserData> Class<'c, T> {
    fn put(
        &mut self,
        table: Table<'c>,
        name: &str,
        value: impl FnOnce(&'c CallCx<'c>) -> Result<Value<'c>, LuaError>,
    ) -> &mut Self {
        if self.result.is_ok() {
            self.result = value(self.cx).and_then(|value| table.set_field(self.cx, name, value));
        }
        self
    }

    fn put_function(
        &mut self,
        table: Table<'c>,
        name: &str,
        function: SharedFunction<'static>,
    ) -> &mut Self {
        self.put(table, name, |cx| {
            Ok(Value::Function(function::new_native(cx, function)?))
        })
    }

    /// A method, called as `object:name(...)`; its first parameter is `&T` or `&mut T`.
    pub fn method<F, M>(&mut self, name: &str, method: F) -> &mut Self
    where
        F: 'static,
        for<'f> &'f F: HostFn<M>,
    {
        self.put_function(self.methods, name, function::shared(method))
    }

    /// A function of the type, such as a constructor, called as `Type.name(...)` on the
    /// table that [`super::Lua::class`] gives.
    pub fn function<F, M>(&mut self, name: &str, function: F) -> &mut Self
    where
        F: 'static,
        for<'f> &'f F: HostFn<M>,
    {
        self.method(name, function)
    }

    /// A constant of the type.
    pub fn constant(&mut self, name: &str, value: impl IntoLua + 'static) -> &mut Self {
        self.put(self.methods, name, |cx| value.into_lua(cx))
    }

    /// A field that can be read: `|this: &T| ...`.
    pub fn getter<F, M>(&mut self, name: &str, getter: F) -> &mut Self
    where
        F: 'static,
        for<'f> &'f F: HostFn<M>,
    {
        self.fields
            .getters
            .insert(name.as_bytes().into(), function::shared(getter));
        self
    }

    /// A field that can be written: `|this: &mut T, value: V| ...`.
    pub fn setter<F, M>(&mut self, name: &str, setter: F) -> &mut Self
    where
        F: 'static,
        for<'f> &'f F: HostFn<M>,
    {
        self.fields
            .setters
            .insert(name.as_bytes().into(), function::shared(setter));
        self
    }

    /// A metamethod. Of a binary operator either operand may be the object.
    pub fn meta<F, M>(&mut self, event: Meta, metamethod: F) -> &mut Self
    where
        F: 'static,
        for<'f> &'f F: HostFn<M>,
    {
        let function = function::shared(metamethod);
        match event {
            Meta::Index => self.fields.index = Some(function),
            Meta::NewIndex => self.fields.new_index = Some(function),
            _ => return self.put_function(self.metatable, event.field(), function),
        }
        self
    }

    /// Joins the parts in the metatable.
    fn finish(self) -> Result<(), LuaError> {
        self.result?;
        let (cx, metatable) = (self.cx, self.metatable);
        let is_plain = self.fields.getters.is_empty() && self.fields.index.is_none();
        let methods = Value::Table(self.methods);
        let fields = Value::Userdata(cx.new_userdata(Box::new(self.fields))?);
        if is_plain {
            metatable.set_field(cx, "__index", methods)?;
        } else {
            let index = cx.new_closure(read_field, &[methods, fields])?;
            metatable.set_field(cx, "__index", index)?;
        }
        let new_index = cx.new_closure(write_field, &[methods, fields])?;
        metatable.set_field(cx, "__newindex", new_index)?;
        metatable.set_field(cx, "__name", T::type_name())?;
        // Scripts do not get hold of the metatable, and cannot change what all share.
        metatable.set_field(cx, "__metatable", false)?;
        self.methods.set_readonly(true);
        Ok(())
    }
}

/// One of the functions of a type, out of what both closures have for upvalue 2.
fn field_function(
    cx: &CallCx<'_>,
    find: impl FnOnce(&Fields) -> Option<&SharedFunction<'static>>,
) -> Option<SharedFunction<'static>> {
    match cx.upvalue(2) {
        Value::Userdata(fields) => find(fields.downcast()?).cloned(),
        _ => None,
    }
}

/// `__index` of a type with getters.
fn read_field(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    if let Value::Table(methods) = cx.upvalue(1) {
        let method = methods.get(cx.arg(2));
        if !method.is_nil() {
            return cx.ret(method);
        }
    }
    let function = field_function(cx, |fields| {
        let getter = cx
            .arg(2)
            .as_bytes()
            .and_then(|name| fields.getters.get(name));
        getter.or(fields.index.as_ref())
    });
    match function {
        Some(function) => function(cx),
        None => cx.ret_nil(),
    }
}

/// `__newindex`.
fn write_field(cx: &mut CallCx<'_>) -> Result<Returned, LuaError> {
    let setter = field_function(cx, |fields| fields.setters.get(cx.arg(2).as_bytes()?));
    if let Some(setter) = setter {
        // The parameters of a setter are the object and the value.
        cx.set(2, cx.arg(3))?;
        return setter(cx);
    }
    match field_function(cx, |fields| fields.new_index.as_ref()) {
        Some(function) => function(cx),
        None => Err(cx.error(format!(
            "cannot set {} of a {}",
            super::convert::describe_key(cx.arg(2)),
            class_name(cx.arg(1))
        ))),
    }
}

/// The metatable of a type in this VM.
fn metatable<'v, T: UserData>(cx: &'v CallCx<'_>) -> Result<Table<'v>, LuaError> {
    let Some(state) = cx.host_data::<HostState>() else {
        return Err(cx.error("VM without a host's state"));
    };
    if let Some(root) = state.classes.borrow().get(&TypeId::of::<T>())
        && let Value::Table(metatable) = cx.value_of(root)?
    {
        return Ok(metatable);
    }
    let metatable = cx.new_table(0, 8)?;
    // Known before it is filled: a constant may be an object of the type.
    let root = cx.root(Value::Table(metatable))?;
    state.classes.borrow_mut().insert(TypeId::of::<T>(), root);
    let filled = fill::<T>(cx, metatable);
    if filled.is_err() {
        state.classes.borrow_mut().remove(&TypeId::of::<T>());
    }
    filled.map(|()| metatable)
}

fn fill<'v, T: UserData>(cx: &'v CallCx<'_>, metatable: Table<'v>) -> Result<(), LuaError> {
    let methods = cx.new_table(0, 8)?;
    metatable.set_field(cx, METHODS, methods)?;
    let mut class = Class {
        cx,
        methods,
        metatable,
        fields: Fields::default(),
        result: Ok(()),
        marker: PhantomData,
    };
    T::register(&mut class);
    class.finish()
}

/// Where a metatable has the table of methods.
const METHODS: &str = "__methods";

/// The functions and methods of a type.
pub(super) fn methods<'v, T: UserData>(cx: &'v CallCx<'_>) -> Result<Table<'v>, LuaError> {
    match metatable::<T>(cx)?.get_bytes(METHODS.as_bytes()) {
        Value::Table(methods) => Ok(methods),
        _ => Err(cx.error("class without methods")),
    }
}

/// What the userdata of a `T` holds.
struct Object<T>(Rc<ObjectCell<T>>);

/// A new userdata for a cell.
pub(super) fn new_object<'v, T: UserData>(
    cx: &'v CallCx<'_>,
    cell: ObjectCell<T>,
) -> Result<Value<'v>, LuaError> {
    let metatable = metatable::<T>(cx)?;
    // The counts beside the cell, and the box around the pointer to it.
    let bytes = size_of::<ObjectCell<T>>() + 3 * size_of::<usize>();
    let userdata = cx.new_userdata_of_size(Box::new(Object(Rc::new(cell))), bytes)?;
    userdata.set_metatable(Some(metatable))?;
    Ok(Value::Userdata(userdata))
}

/// The cell of a value that is a `T`.
pub(super) fn object_at<T: UserData>(value: Value<'_>) -> Result<&Rc<ObjectCell<T>>, FromLuaError> {
    match value {
        Value::Userdata(userdata) => userdata.downcast::<Object<T>>().map(|object| &object.0),
        _ => None,
    }
    .ok_or_else(|| FromLuaError::expected(T::type_name(), value))
}

impl<T: UserData> IntoLua for T {
    fn into_lua<'v>(self, cx: &'v CallCx<'_>) -> Result<Value<'v>, LuaError> {
        new_object(cx, ObjectCell::owned(self))
    }
}

impl From<AccessError> for FromLuaError {
    fn from(error: AccessError) -> FromLuaError {
        FromLuaError::Value(error.to_string().into())
    }
}

/// A borrow of an object: for as long as the context is not used to call Lua.
impl<T: UserData> FromLua for Ref<'_, T> {
    type Output<'v> = Ref<'v, T>;

    fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<Ref<'v, T>, FromLuaError> {
        Ok(object_at::<T>(value)?.borrow()?)
    }
}

/// As `Ref`, exclusively.
impl<T: UserData> FromLua for RefMut<'_, T> {
    type Output<'v> = RefMut<'v, T>;

    fn from_lua<'v>(value: Value<'v>, _: &'v CallCx<'_>) -> Result<RefMut<'v, T>, FromLuaError> {
        Ok(object_at::<T>(value)?.borrow_mut()?)
    }
}

impl<'v> Userdata<'v> {
    /// True if it is an object of this type, whether or not it can be used now.
    pub fn is<T: UserData>(self) -> bool {
        self.downcast::<Object<T>>().is_some()
    }
}
