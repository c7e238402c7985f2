//! The verifier's rules, each by a prototype that breaks that rule alone.

use std::sync::Arc;

use lua_compiler::isa::Instr::*;
use lua_compiler::isa::operand::*;
use lua_compiler::isa::{Instr, Op};
use lua_compiler::verify::{MAX_NESTING, MAX_TEMPLATE_SIZE, Violation};
use lua_compiler::{Capture, Constant, LineTable, LocalVar, Proto, Template, load, verify};

fn d(reg: u8) -> Dst {
    Dst(Reg(reg))
}

fn s(reg: u8) -> Src {
    Src(Reg(reg))
}

fn base(reg: u8) -> Base {
    Base(Reg(reg))
}

fn n(n: u8) -> Imm8 {
    Imm8(n)
}

const H: Hint = Hint(0);

/// A vararg function of 8 registers with a constant of each type, an upvalue, a
/// template and a nested function that captures from it.
fn sample(code: &[Instr]) -> Proto {
    let mut words = Vec::new();
    for instr in code {
        let code = instr.encode();
        words.push(code.word);
        words.extend(code.aux);
    }
    let child = Proto {
        captures: vec![Capture::Local(7), Capture::Upvalue(0)],
        ..empty()
    };
    Proto {
        code: words,
        constants: vec![
            Constant::Nil,
            Constant::Boolean(true),
            Constant::Number(1.0),
            Constant::String(b"name".as_slice().into()),
        ],
        protos: vec![Arc::new(child)],
        captures: vec![Capture::Local(0)],
        templates: vec![Template {
            array_size: 0,
            hash_size: 1,
            items: vec![(3, 1)],
        }],
        is_vararg: true,
        max_stack: 8,
        ..empty()
    }
}

/// A function that just returns.
fn empty() -> Proto {
    Proto {
        code: vec![Return0 {}.encode().word],
        constants: vec![],
        protos: vec![],
        captures: vec![],
        templates: vec![],
        params: 0,
        is_vararg: false,
        max_stack: 2,
        source: b"=test".as_slice().into(),
        line_defined: 0,
        last_line_defined: 0,
        lines: LineTable::default(),
        locals: vec![],
        upvalue_names: vec![],
    }
}

#[track_caller]
fn check_proto(proto: Proto, expected: Result<(), Violation>) {
    let found = verify(proto).map(drop).map_err(|error| error.violation);
    assert_eq!(found, expected);
}

/// The code in [`sample`], with a return behind it.
#[track_caller]
fn accepts(code: &[Instr]) {
    check_proto(sample(&[code, &[Return0 {}]].concat()), Ok(()));
}

#[track_caller]
fn refuses(code: &[Instr], violation: Violation) {
    check_proto(sample(&[code, &[Return0 {}]].concat()), Err(violation));
}

#[test]
fn opcodes() {
    let mut proto = sample(&[Return0 {}]);
    proto.code.insert(0, Op::ALL.len() as u32);
    check_proto(proto.clone(), Err(Violation::UnknownOpcode));
    proto.code[0] = 255;
    check_proto(proto, Err(Violation::UnknownOpcode));

    refuses(&[Halt {}], Violation::ReservedOpcode);
    let (a, c, x) = (base(0), n(1), JumpX(-2));
    refuses(&[PairsLoop { a, c, x }], Violation::JumpDirection);
    let x = JumpX(0);
    refuses(&[PairsLoop { a, c, x }], Violation::ReservedOpcode);
    refuses(&[IpairsLoop { a, c, x }], Violation::ReservedOpcode);
}

#[test]
fn ends() {
    let move_ = Move { a: d(0), b: s(1) };
    check_proto(sample(&[]), Err(Violation::FallsOffEnd));
    check_proto(sample(&[move_]), Err(Violation::FallsOffEnd));
    check_proto(sample(&[move_, Loop { s: Jump24(-2) }]), Ok(()));
    let (a, b) = (base(0), n(2));
    check_proto(sample(&[Return1 { a: s(0) }]), Ok(()));
    check_proto(sample(&[Return { a, b }]), Ok(()));
    check_proto(sample(&[ReturnC { a, b }]), Ok(()));
    let mut proto = sample(&[GetGlobal {
        a: d(0),
        c: H,
        x: StrKX(ConstIdx(3)),
    }]);
    proto.code.pop();
    check_proto(proto, Err(Violation::Truncated));
}

#[test]
fn registers() {
    use Violation::Register as R;
    accepts(&[Move { a: d(7), b: s(7) }]);
    refuses(&[Move { a: d(8), b: s(7) }], R);
    refuses(&[Move { a: d(7), b: s(8) }], R);
    let (c, x) = (H, StrKX(ConstIdx(3)));
    refuses(&[SetGlobal { a: s(8), c, x }], R);
    refuses(&[Close { a: base(8) }], R);
    let b = s(0);
    accepts(&[Self_ {
        a: base(6),
        b,
        c,
        x,
    }]);
    refuses(
        &[Self_ {
            a: base(7),
            b,
            c,
            x,
        }],
        R,
    );
    accepts(&[LoadNil {
        a: base(6),
        b: n(2),
    }]);
    refuses(
        &[LoadNil {
            a: base(7),
            b: n(2),
        }],
        R,
    );
    let a = d(0);
    accepts(&[Concat {
        a,
        b: base(6),
        c: n(2),
    }]);
    refuses(
        &[Concat {
            a,
            b: base(7),
            c: n(2),
        }],
        R,
    );
}

#[test]
fn call_registers() {
    use Violation::Register as R;
    let a = base(5);
    accepts(&[Call {
        a,
        b: n(2),
        c: n(3),
    }]);
    refuses(
        &[Call {
            a,
            b: n(3),
            c: n(0),
        }],
        R,
    );
    refuses(
        &[Call {
            a,
            b: n(0),
            c: n(4),
        }],
        R,
    );
    accepts(&[CallV {
        a,
        b: n(3),
        c: n(4),
    }]);
    refuses(
        &[CallV {
            a,
            b: n(4),
            c: n(1),
        }],
        R,
    );
    refuses(
        &[CallV {
            a,
            b: n(1),
            c: n(5),
        }],
        R,
    );
    let close = Return { a, b: n(0) };
    accepts(&[TailCall { a, b: n(3) }, close]);
    refuses(&[TailCall { a, b: n(4) }, close], R);
    accepts(&[Return { a, b: n(4) }]);
    refuses(&[Return { a, b: n(5) }], R);
    accepts(&[ReturnC { a, b: n(4) }]);
    refuses(&[ReturnC { a, b: n(5) }], R);
    accepts(&[Vararg { a, b: n(4) }]);
    refuses(&[Vararg { a, b: n(5) }], R);
    let x = ImmX(1);
    accepts(&[SetList { a, b: n(3), x }]);
    refuses(&[SetList { a, b: n(4), x }], R);
}

#[test]
fn loop_registers() {
    use Violation::Register as R;
    let forward = JumpX(0);
    let back = JumpX(-2);
    accepts(&[ForPrep {
        a: base(4),
        x: forward,
    }]);
    refuses(
        &[ForPrep {
            a: base(5),
            x: forward,
        }],
        R,
    );
    accepts(&[ForLoop {
        a: base(4),
        x: back,
    }]);
    refuses(
        &[ForLoop {
            a: base(5),
            x: back,
        }],
        R,
    );
    accepts(&generic_for(2, 3));
    // Refused for the head itself, before its call is looked at.
    let code = [generic_for(3, 1), vec![Return0 {}]].concat();
    assert_eq!(verify(sample(&code)).unwrap_err().pc, 1);
    refuses(&generic_for(3, 1), R);
    refuses(&generic_for(2, 4), R);
}

#[test]
fn counts() {
    use Violation::Count as C;
    refuses(
        &[LoadNil {
            a: base(0),
            b: n(0),
        }],
        C,
    );
    refuses(
        &[Concat {
            a: d(0),
            b: base(0),
            c: n(1),
        }],
        C,
    );
    accepts(&[GetInt {
        a: d(0),
        b: s(0),
        c: n(1),
    }]);
    refuses(
        &[GetInt {
            a: d(0),
            b: s(0),
            c: n(0),
        }],
        C,
    );
    refuses(
        &[SetInt {
            a: s(0),
            b: s(0),
            c: n(0),
        }],
        C,
    );
    let (a, b) = (base(0), n(2));
    accepts(&[SetList {
        a,
        b,
        x: ImmX(1 << 30),
    }]);
    refuses(&[SetList { a, b, x: ImmX(0) }], C);
    refuses(
        &[SetList {
            a,
            b,
            x: ImmX((1 << 30) + 1),
        }],
        C,
    );
    refuses(
        &[SetList {
            a,
            b,
            x: ImmX(u32::MAX),
        }],
        C,
    );
    refuses(&generic_for(0, 0), C);
}

#[test]
fn constants() {
    let k = ConstIdx;
    let (a, b, x) = (s(0), s(0), JumpX(0));
    refuses(
        &[LoadK {
            a: d(0),
            d: K16(k(4)),
        }],
        Violation::ConstantIndex,
    );
    refuses(
        &[LoadKX {
            a: d(0),
            x: KX(k(4)),
        }],
        Violation::ConstantIndex,
    );
    // The reserved slot and what lies behind the constants.
    for word in [-1i32 as u32, 0, 1, i32::MAX as u32, i32::MIN as u32] {
        let mut proto = sample(&[
            LoadKX {
                a: d(0),
                x: KX(k(0)),
            },
            Return0 {},
        ]);
        proto.code[1] = word;
        check_proto(proto, Err(Violation::ConstantIndex));
    }
    let add = |c| AddRK {
        a: d(0),
        b,
        c: NumK8(k(c)),
    };
    accepts(&[add(2)]);
    refuses(&[add(4)], Violation::ConstantIndex);
    refuses(&[add(3)], Violation::ConstantType);
    refuses(
        &[JmpEqN {
            a,
            d: NumK16(k(3)),
            x,
        }],
        Violation::ConstantType,
    );
    accepts(&[JmpEqS {
        a,
        d: StrK16(k(3)),
        x,
    }]);
    refuses(
        &[JmpEqS {
            a,
            d: StrK16(k(2)),
            x,
        }],
        Violation::ConstantType,
    );
    accepts(&[JmpEqP {
        a,
        d: PrimK16(k(0)),
        x,
    }]);
    accepts(&[JmpEqP {
        a,
        d: PrimK16(k(1)),
        x,
    }]);
    refuses(
        &[JmpEqP {
            a,
            d: PrimK16(k(2)),
            x,
        }],
        Violation::ConstantType,
    );
    let get = |key| GetField {
        a: d(0),
        b,
        c: H,
        x: StrKX(k(key)),
    };
    accepts(&[get(3)]);
    refuses(&[get(1)], Violation::ConstantType);
    accepts(&[SetFieldK {
        a,
        b: K8(k(0)),
        c: H,
        x: StrKX(k(3)),
    }]);

    let mut proto = sample(&[Return0 {}]);
    proto.constants.push(Constant::Number(f64::NAN));
    check_proto(proto, Err(Violation::NanConstant));
}

#[test]
fn indexes() {
    let a = d(0);
    accepts(&[GetUpval { a, b: Up(0) }]);
    refuses(&[GetUpval { a, b: Up(1) }], Violation::Upvalue);
    refuses(&[SetUpval { a: s(0), b: Up(1) }], Violation::Upvalue);
    accepts(&[Closure { a, d: ProtoIdx(0) }]);
    refuses(&[Closure { a, d: ProtoIdx(1) }], Violation::Proto);
    accepts(&[DupTable {
        a,
        d: TemplateIdx(0),
    }]);
    refuses(
        &[DupTable {
            a,
            d: TemplateIdx(1),
        }],
        Violation::TemplateIndex,
    );
}

#[test]
fn captures() {
    for capture in [Capture::Local(8), Capture::Upvalue(1)] {
        let child = Proto {
            captures: vec![capture],
            ..empty()
        };
        let mut proto = sample(&[Return0 {}]);
        proto.protos = vec![Arc::new(child)];
        check_proto(proto, Err(Violation::Capture));
    }
}

#[test]
fn a_shared_child_is_checked_in_each_parent() {
    let child = Proto {
        captures: vec![Capture::Local(7)],
        ..empty()
    };
    let child = Arc::new(child);
    let small = Proto {
        protos: vec![child.clone()],
        ..empty()
    };
    let mut proto = sample(&[Return0 {}]);
    proto.protos = vec![child, Arc::new(small)];
    check_proto(proto, Err(Violation::Capture));
}

#[test]
fn templates() {
    let with = |array_size, hash_size, item| {
        let mut proto = sample(&[Return0 {}]);
        proto.templates[0] = Template {
            array_size,
            hash_size,
            items: vec![item],
        };
        proto
    };
    let max = MAX_TEMPLATE_SIZE;
    check_proto(with(max, max, (3, 3)), Ok(()));
    check_proto(with(max + 1, 0, (3, 3)), Err(Violation::Template));
    check_proto(with(0, max + 1, (3, 3)), Err(Violation::Template));
    check_proto(with(0, 1, (2, 3)), Err(Violation::Template));
    check_proto(with(0, 1, (3, 0)), Ok(()));
    check_proto(with(0, 1, (4, 1)), Err(Violation::Template));
    check_proto(with(0, 1, (3, 4)), Err(Violation::Template));
}

#[test]
fn sizes() {
    let with = |params, max_stack| Proto {
        params,
        max_stack,
        ..empty()
    };
    check_proto(with(3, 3), Ok(()));
    check_proto(with(4, 3), Err(Violation::TooLarge));
    check_proto(with(0, 250), Ok(()));
    check_proto(with(0, 251), Err(Violation::TooLarge));
    let with = |captures| Proto {
        captures: vec![Capture::Local(0); captures],
        ..empty()
    };
    check_proto(with(255), Ok(()));
    check_proto(with(256), Err(Violation::TooLarge));
    let local = |reg| Proto {
        locals: vec![LocalVar {
            name: b"x".as_slice().into(),
            reg,
            start_pc: 0,
            end_pc: 1,
        }],
        ..empty()
    };
    check_proto(local(1), Ok(()));
    check_proto(local(2), Err(Violation::Local));
}

#[test]
fn debug_information() {
    let with = |lives: &[(u32, u32)]| Proto {
        locals: lives
            .iter()
            .map(|&(start_pc, end_pc)| LocalVar {
                name: b"x".as_slice().into(),
                reg: 0,
                start_pc,
                end_pc,
            })
            .collect(),
        ..sample(&[Move { a: d(0), b: s(1) }, Return0 {}])
    };
    check_proto(with(&[(0, 2), (0, 1), (1, 1), (2, 2)]), Ok(()));
    check_proto(with(&[(0, 3)]), Err(Violation::Local));
    check_proto(with(&[(1, 0)]), Err(Violation::Local));
    check_proto(with(&[(1, 2), (0, 2)]), Err(Violation::Local));

    let with = |runs: &[(u32, u32)]| {
        let mut lines = LineTable::default();
        for &(pc, line) in runs {
            lines.push(pc, line);
        }
        Proto {
            lines,
            ..sample(&[Move { a: d(0), b: s(1) }, Return0 {}])
        }
    };
    check_proto(with(&[(0, 9), (1, 7)]), Ok(()));
    check_proto(with(&[(1, 7)]), Ok(()));
    check_proto(with(&[(0, 9), (2, 7)]), Err(Violation::Lines));
    check_proto(with(&[(1, 9), (0, 7)]), Err(Violation::Lines));

    let with = |names: usize| Proto {
        upvalue_names: vec![b"u".as_slice().into(); names],
        ..sample(&[Return0 {}])
    };
    check_proto(with(0), Ok(()));
    check_proto(with(1), Ok(()));
    check_proto(with(2), Err(Violation::UpvalueNames));
}

#[test]
fn nesting() {
    let nested = |depth| {
        let mut proto = empty();
        for _ in 1..depth {
            let child = Arc::new(proto);
            // Twice, so that a walk without memory would never end.
            proto = Proto {
                protos: vec![child.clone(), child],
                ..empty()
            };
        }
        proto
    };
    check_proto(nested(MAX_NESTING), Ok(()));
    check_proto(nested(MAX_NESTING + 1), Err(Violation::TooDeep));
}

#[test]
fn a_shared_child_counts_at_its_greatest_depth() {
    let wrap = |inner: Vec<Arc<Proto>>, levels| {
        let wrapped = (0..levels).fold(inner, |protos, _| {
            let proto = Proto { protos, ..empty() };
            vec![Arc::new(proto)]
        });
        wrapped[0].clone()
    };
    let shared = wrap(vec![], MAX_NESTING / 2);
    let deep = wrap(vec![shared.clone()], MAX_NESTING / 2);
    let root = Proto {
        protos: vec![shared, deep],
        ..empty()
    };
    check_proto(root, Err(Violation::TooDeep));
}

#[test]
fn faults_are_found_in_nested_functions() {
    let mut proto = sample(&[Return0 {}]);
    let bad = Proto {
        code: vec![Return0 {}.encode().word, Halt {}.encode().word],
        ..empty()
    };
    proto.protos.push(Arc::new(bad));
    let error = verify(proto).unwrap_err();
    assert_eq!((error.function, error.pc), (2, 1));
    assert_eq!(
        error.to_string(),
        "bad bytecode: opcode is reserved (function 2, word 1)"
    );
}

#[test]
fn jump_targets() {
    use Violation::JumpTarget as T;
    accepts(&[Jmp { s: Jump24(0) }]);
    refuses(&[Jmp { s: Jump24(1) }], T);
    refuses(&[Loop { s: Jump24(-2) }], T);
    refuses(
        &[Loop {
            s: Jump24(-(1 << 23)),
        }],
        T,
    );
    let a = s(0);
    refuses(
        &[JmpT {
            a,
            x: JumpX(i32::MAX),
        }],
        T,
    );
    refuses(
        &[ForLoop {
            a: base(0),
            x: JumpX(i32::MIN),
        }],
        T,
    );
    // Into an auxiliary word, forward and back.
    let get = GetGlobal {
        a: d(0),
        c: H,
        x: StrKX(ConstIdx(3)),
    };
    accepts(&[Jmp { s: Jump24(2) }, get]);
    refuses(&[Jmp { s: Jump24(1) }, get], T);
    accepts(&[get, Loop { s: Jump24(-3) }]);
    refuses(&[get, Loop { s: Jump24(-2) }], T);
}

#[test]
fn jump_directions() {
    use Violation::JumpDirection as D;
    let (a, x) = (s(0), JumpX(-2));
    refuses(&[Jmp { s: Jump24(-1) }], D);
    refuses(&[Loop { s: Jump24(0) }], D);
    refuses(&[JmpT { a, x }], D);
    refuses(&[JmpFSet { a: d(0), b: a, x }], D);
    refuses(&[JmpNleRR { a, b: a, x }], D);
    refuses(&[ForPrep { a: base(0), x }], D);
    refuses(
        &[ForLoop {
            a: base(0),
            x: JumpX(0),
        }],
        D,
    );
    let mut code = generic_for(0, 1);
    code[1] = TForCall {
        a: base(0),
        c: n(1),
        x: JumpX(0),
    };
    refuses(&code, D);
    let mut code = generic_for(0, 1);
    code[3] = TForLoop {
        a: base(0),
        x: JumpX(0),
    };
    refuses(&code, D);
}

/// A generic `for` with an instruction as its body.
fn generic_for(a: u8, vars: u8) -> Vec<Instr> {
    vec![
        Move { a: d(0), b: s(0) },
        TForCall {
            a: base(a),
            c: n(vars),
            x: JumpX(-3),
        },
        Call {
            a: base(a + 3),
            b: n(2),
            c: n(vars),
        },
        TForLoop {
            a: base(a),
            x: JumpX(-6),
        },
    ]
}

#[test]
fn generic_fors() {
    use Violation::GenericFor as G;
    accepts(&generic_for(0, 1));
    let with = |at: usize, instr| {
        let mut code = generic_for(0, 1);
        code[at] = instr;
        code
    };
    let (a, c) = (base(0), n(1));
    let call = base(3);
    refuses(
        &with(
            2,
            Call {
                a: base(4),
                b: n(2),
                c,
            },
        ),
        G,
    );
    refuses(
        &with(
            2,
            Call {
                a: call,
                b: n(1),
                c,
            },
        ),
        G,
    );
    refuses(
        &with(
            2,
            Call {
                a: call,
                b: n(2),
                c: n(2),
            },
        ),
        G,
    );
    refuses(
        &with(
            2,
            CallV {
                a: call,
                b: n(3),
                c: n(2),
            },
        ),
        G,
    );
    refuses(&with(2, Return0 {}), G);
    refuses(
        &with(
            3,
            TForLoop {
                a: base(1),
                x: JumpX(-6),
            },
        ),
        G,
    );
    refuses(&with(3, TForLoop { a, x: JumpX(-5) }), G);
    refuses(&with(3, Return0 {}), G);
    let x = JumpX(-2);
    refuses(&[TForLoop { a, x }], G);
    // Jumps between the three.
    for into in [2, 3] {
        let mut code = generic_for(0, 1);
        code[0] = Jmp { s: Jump24(into) };
        refuses(&code, Violation::JumpTarget);
    }
    let mut code = generic_for(0, 1);
    code[0] = Jmp { s: Jump24(0) };
    accepts(&code);
}

#[test]
fn tail_calls() {
    let (a, b) = (base(3), n(1));
    accepts(&[TailCall { a, b }, Return { a, b: n(0) }]);
    accepts(&[TailCall { a, b }, ReturnC { a, b: n(0) }]);
    refuses(&[TailCall { a, b }], Violation::TailCall);
    refuses(
        &[TailCall { a, b }, Return { a, b: n(1) }],
        Violation::TailCall,
    );
    let other = Return {
        a: base(2),
        b: n(0),
    };
    refuses(&[TailCall { a, b }, other], Violation::OpenList);
    let skip = Jmp { s: Jump24(1) };
    refuses(
        &[skip, TailCall { a, b }, Return { a, b: n(0) }],
        Violation::JumpTarget,
    );
}

#[test]
fn open_lists() {
    use Violation::OpenList as O;
    let open = n(0);
    let vararg = |a| Vararg {
        a: base(a),
        b: open,
    };
    let calls = |a| CallV {
        a: base(a),
        b: n(1),
        c: open,
    };
    let x = ImmX(1);
    let back = Return {
        a: base(3),
        b: open,
    };
    let consumers = [
        vec![CallV {
            a: base(2),
            b: open,
            c: n(1),
        }],
        vec![Return {
            a: base(3),
            b: open,
        }],
        vec![ReturnC {
            a: base(3),
            b: open,
        }],
        vec![SetList {
            a: base(2),
            b: open,
            x,
        }],
        vec![
            TailCall {
                a: base(2),
                b: open,
            },
            Return {
                a: base(2),
                b: open,
            },
        ],
    ];
    for consumer in &consumers {
        let with = |before: &[Instr]| [before, consumer].concat();
        accepts(&with(&[vararg(3)]));
        accepts(&with(&[calls(3)]));
        accepts(&with(&[vararg(4)]));
        // Begins below what is consumed.
        refuses(&with(&[vararg(2)]), O);
        // No producer, or not directly before.
        refuses(&with(&[]), O);
        refuses(&with(&[vararg(3), Move { a: d(0), b: s(0) }]), O);
        refuses(
            &with(&[Vararg {
                a: base(3),
                b: n(2),
            }]),
            O,
        );
        // Jumped to.
        refuses(
            &with(&[Jmp { s: Jump24(1) }, vararg(3)]),
            Violation::JumpTarget,
        );
    }
    // One list through two calls.
    accepts(&[
        vararg(4),
        CallV {
            a: base(3),
            b: open,
            c: open,
        },
        back,
    ]);
    // Producers without consumer.
    refuses(&[vararg(3)], O);
    refuses(&[calls(3)], O);
    refuses(
        &[
            vararg(3),
            Return {
                a: base(3),
                b: n(1),
            },
        ],
        O,
    );
    refuses(&[vararg(3), vararg(3), back], O);
}

#[test]
fn varargs() {
    let with = |code: &[Instr]| {
        let mut proto = sample(&[code, &[Return0 {}]].concat());
        proto.is_vararg = false;
        proto
    };
    let vararg = Vararg {
        a: base(0),
        b: n(2),
    };
    let table = VarargTable { a: d(0) };
    accepts(&[vararg, table]);
    check_proto(with(&[vararg]), Err(Violation::Vararg));
    check_proto(with(&[table]), Err(Violation::Vararg));
}

/// Flips every bit of the code of real programs, one at a time, and more at random:
/// whatever comes of it, it is an answer.
#[test]
fn mutations_never_panic() {
    let source = br#"
        local t, up = {1, 2, x = 3, ["y"] = f()}, ...
        local function vary(...) return up, ... end
        for i = 1, 10 do t[i] = i .. "x" .. #t end
        for k, v in pairs(t) do if k ~= v and not t.x then break end end
        repeat local a = function() return t end until a() == nil or up < 3
        while t.a.b:c(vary(...)) do t.x, t[1], up = -up, nil, true end
        return vary(t, ...)
    "#;
    let root = load(source, b"=test").unwrap();
    let good = Proto::clone(root.proto());
    let mut accepted = 0;
    for word in 0..good.code.len() {
        for bit in 0..32 {
            let mut proto = good.clone();
            proto.code[word] ^= 1 << bit;
            accepted += usize::from(verify(proto).is_ok());
        }
    }
    // Flips in constants, hints and counts may well be legal programs.
    assert!(accepted > 0);

    let mut seed = 0x2545_F491_4F6C_DD1Du64;
    let mut random = |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 16) as usize % below
    };
    for _ in 0..20_000 {
        let mut proto = good.clone();
        for _ in 0..=random(4) {
            let word = random(proto.code.len());
            match random(4) {
                0 => proto.code[word] = random(1 << 32) as u32,
                1 => drop(proto.code.remove(word)),
                2 => proto.code.insert(word, random(1 << 32) as u32),
                _ => proto.code[word] ^= 1 << random(32),
            }
        }
        proto.max_stack = random(12) as u8;
        let _ = verify(proto);
    }
}
