//! Table constructors: templates for constant fields, runs of registers for
//! positional items.

use lua_syntax::ast::{Expr, ExprId, List, TableItem};

use crate::codegen::Codegen;
use crate::function::ConstKey;
use crate::isa::Instr;
use crate::isa::operand::{Base, Dst, Imm8, ImmX, Reg, TemplateIdx};
use crate::limits::{Checked, FIELDS_PER_FLUSH, MAX_CHILDREN};
use crate::proto::Template;
use crate::value::{Exp, Kind, Results};
use crate::verify::MAX_TEMPLATE_SIZE;

/// A size as the reference stores it, a "floating-point byte": three bits of
/// mantissa below five of exponent, rounded up.
fn to_float_byte(size: u32) -> u8 {
    let mut mantissa = size;
    let mut exponent = 0;
    while mantissa >= 16 {
        mantissa = mantissa.div_ceil(2);
        exponent += 1;
    }
    if mantissa < 8 {
        mantissa as u8
    } else {
        ((exponent + 1) << 3) | (mantissa as u8 - 8)
    }
}

/// The size that a floating-point byte stands for.
pub(crate) fn from_float_byte(byte: u8) -> u64 {
    let exponent = byte >> 3;
    let mantissa = u64::from(byte & 7);
    match exponent {
        0 => mantissa,
        _ => (mantissa + 8) << (exponent - 1),
    }
}

/// Sizes of a constructor, as its instruction or template gives them.
struct Sizes {
    array: u8,
    hash: u8,
}

impl Codegen<'_> {
    /// A table constructor.
    pub(crate) fn table(&mut self, id: ExprId, items: List<TableItem>) -> Checked<Exp> {
        let template = self.template(items)?;
        let is_template = template.is_some();
        let a = Dst(Reg(0));
        let at = match template {
            Some(template) => {
                let d = TemplateIdx(self.f.templates.len() as u16);
                self.f.templates.push(template);
                self.f.emit.emit(Instr::DupTable { a, d })
            }
            None => {
                let sizes = self.sizes(items);
                let (b, c) = (Imm8(sizes.array), Imm8(sizes.hash));
                self.f.emit.emit(Instr::NewTable { a, b, c })
            }
        };
        let mut table = Exp::new(Kind::Reloc(at));
        let reg = self.push(&mut table)?;
        self.items(id, reg, items, is_template)?;
        self.passed(id);
        Ok(table)
    }

    fn sizes(&self, items: List<TableItem>) -> Sizes {
        let items = self.chunk.items(items);
        let is_keyed = |item: &&TableItem| matches!(item, TableItem::Keyed { .. });
        let keyed = items.iter().filter(is_keyed).count();
        let mut positional = items.len() - keyed;
        if self.open_item(items).is_some() {
            positional -= 1;
        }
        Sizes {
            array: to_float_byte(positional as u32),
            hash: to_float_byte(keyed as u32),
        }
    }

    /// The last item, if it may give several values.
    fn open_item(&self, items: &[TableItem]) -> Option<ExprId> {
        match items.last() {
            Some(&TableItem::Positional(value)) => match self.chunk.expr(value) {
                Expr::Call { .. } | Expr::MethodCall { .. } | Expr::Vararg => Some(value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The template of a constructor whose keys are all different constant strings;
    /// `None` for the others.
    fn template(&mut self, items: List<TableItem>) -> Checked<Option<Template>> {
        let chunk = self.chunk;
        let mut keyed = 0;
        self.constructors += 1;
        self.seen_keys.resize(chunk.str_count(), 0);
        for item in chunk.items(items) {
            let &TableItem::Keyed { key, .. } = item else {
                continue;
            };
            let Expr::String(name) = chunk.expr(key) else {
                return Ok(None);
            };
            // Of two equal keys the later value wins, constant or not.
            let seen = &mut self.seen_keys[name.index()];
            if std::mem::replace(seen, self.constructors) == self.constructors {
                return Ok(None);
            }
            keyed += 1;
        }
        if keyed == 0 || self.f.templates.len() == MAX_CHILDREN {
            return Ok(None);
        }
        let sizes = self.sizes(items);
        let array_size = from_float_byte(sizes.array);
        let hash_size = from_float_byte(sizes.hash);
        if array_size.max(hash_size) > u64::from(MAX_TEMPLATE_SIZE) {
            return Ok(None);
        }
        let mut template = Template {
            array_size: array_size as u32,
            hash_size: hash_size as u32,
            items: Vec::with_capacity(keyed),
        };
        for item in chunk.items(items) {
            let &TableItem::Keyed { key, value } = item else {
                continue;
            };
            if let Expr::String(name) = chunk.expr(key) {
                let key = self.string(name)?;
                let value = template_value(chunk.expr(value)).unwrap_or(ConstKey::False);
                let value = self.constant(value)?;
                template.items.push((key.0, value.0));
            }
        }
        Ok(Some(template))
    }

    /// Stores the items of the constructor `id` in the table in `table`. The last run of
    /// values is stored on the line of the closing brace.
    fn items(
        &mut self,
        id: ExprId,
        table: Reg,
        items: List<TableItem>,
        is_template: bool,
    ) -> Checked<()> {
        let items = self.chunk.items(items);
        let open = self.open_item(items);
        // Values in the registers above the table, and values stored before them.
        let mut gathered = 0;
        let mut stored = 0;
        for (i, &item) in items.iter().enumerate() {
            if gathered == FIELDS_PER_FLUSH {
                self.flush(table, stored, Some(gathered));
                stored += gathered;
                gathered = 0;
            }
            match item {
                TableItem::Positional(value) => {
                    let mut e = self.expr(value)?;
                    if open == Some(value) {
                        self.set_results(&e, Results::Open)?;
                        self.passed(id);
                        self.flush(table, stored, None);
                        return Ok(());
                    }
                    if i + 1 == items.len() {
                        // The reference loads the last one when it has seen the brace.
                        self.f.emit.line = self.chunk.expr_span(id).end_line;
                    }
                    let reserved = self.push(&mut e);
                    reserved.map_err(|exceeded| match items.get(i + 1) {
                        Some(
                            &TableItem::Positional(next) | &TableItem::Keyed { key: next, .. },
                        ) => self.met_at(next, exceeded),
                        None => exceeded,
                    })?;
                    gathered += 1;
                }
                TableItem::Keyed { key, value } => {
                    let is_done = is_template && template_value(self.chunk.expr(value)).is_some();
                    if !is_done {
                        self.keyed(table, key, value)?;
                    }
                }
            }
        }
        if gathered > 0 {
            self.passed(id);
            self.flush(table, stored, Some(gathered));
        }
        Ok(())
    }

    fn keyed(&mut self, table: Reg, key: ExprId, value: ExprId) -> Checked<()> {
        let free = self.f.regs.free();
        let mut key = self.expr(key)?;
        let mut target = Exp::new(Kind::Void);
        self.index(&mut target, table, &mut key)?;
        let mut value = self.expr(value)?;
        self.store(&target, &mut value)?;
        self.f.regs.release_from(free);
        Ok(())
    }

    /// Stores the gathered values, or as many as there are up to the top.
    fn flush(&mut self, table: Reg, stored: usize, gathered: Option<usize>) {
        let b = Imm8(gathered.map_or(0, |n| n as u8 + 1));
        let x = ImmX(stored as u32 + 1);
        let a = Base(table);
        self.f.emit.emit(Instr::SetList { a, b, x });
        self.f.regs.release_from(Reg(table.0 + 1));
    }
}

/// The value that a template holds from the start; `None` if code stores it.
fn template_value(value: Expr) -> Option<ConstKey> {
    match value {
        // As in the reference a nil makes an entry, whose node a key that collides with it
        // may take: the order of the others shows that.
        Expr::Nil => Some(ConstKey::Nil),
        Expr::True => Some(ConstKey::True),
        Expr::False => Some(ConstKey::False),
        Expr::Number(n) => Some(ConstKey::Number(n.to_bits())),
        Expr::String(id) => Some(ConstKey::String(id)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_bytes_round_up() {
        for (size, byte, rounded) in [
            (0, 0, 0),
            (7, 7, 7),
            (8, 8, 8),
            (15, 15, 15),
            (16, 16, 16),
            (17, 17, 18),
            (31, 24, 32),
            (1000, 64, 1024),
        ] {
            assert_eq!(
                (to_float_byte(size), from_float_byte(byte)),
                (byte, rounded)
            );
        }
    }
}
