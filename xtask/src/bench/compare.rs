//! Times in, ratios out: minimum and spread of runs, ratios to the first engine, geometric mean and
//! worst case, as a table and as JSON. Measures nothing itself.

use std::fmt::Write as _;

use serde_json::json;

/// What repeated runs of one program on one engine took, in seconds of CPU time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Runs {
    seconds: Vec<f64>,
}

impl Runs {
    /// `seconds` must not be empty.
    pub(super) fn new(seconds: Vec<f64>) -> Runs {
        Runs { seconds }
    }

    /// The fastest run: what the program takes when nothing disturbs it.
    pub(super) fn min(&self) -> f64 {
        self.seconds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// How far the slowest run is from the fastest, as a share of it.
    pub(super) fn spread(&self) -> f64 {
        self.seconds.iter().copied().fold(0.0, f64::max) / self.min() - 1.0
    }
}

/// One program: what each engine took, in the order of the engines; `None` where it failed.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) runs: Vec<Option<Runs>>,
}

impl Row {
    /// How many times faster than the first engine; above 1 is faster.
    fn ratio(&self, engine: usize) -> Option<f64> {
        let base = self.runs.first()?.as_ref()?.min();
        Some(base / self.runs.get(engine)?.as_ref()?.min())
    }
}

/// Geometric mean and worst case of the ratios of one engine.
fn sum_up(rows: &[Row], engine: usize) -> Option<(f64, f64, &str)> {
    let ratios: Vec<(f64, &str)> = rows
        .iter()
        .filter_map(|row| Some((row.ratio(engine)?, row.name.as_str())))
        .collect();
    let (worst, name) = ratios.iter().copied().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let logs: f64 = ratios.iter().map(|(ratio, _)| ratio.ln()).sum();
    Some(((logs / ratios.len() as f64).exp(), worst, name))
}

/// The head of a table of rows.
pub(super) fn header(engines: &[&str]) -> String {
    let mut line = format!("{:<20}", "program");
    for (index, engine) in engines.iter().enumerate() {
        let _ = write!(line, "{engine:>10}");
        if index > 0 {
            let _ = write!(line, "{:>8}", "ratio");
        }
    }
    line
}

/// One row of a table: seconds, and ratios to the first engine.
pub(super) fn line(row: &Row) -> String {
    let mut line = format!("{:<20}", row.name);
    for (index, runs) in row.runs.iter().enumerate() {
        let _ = match runs {
            Some(runs) => write!(line, "{:>8.3} s", runs.min()),
            None => write!(line, "{:>10}", "failed"),
        };
        if index > 0 {
            let _ = match row.ratio(index) {
                Some(ratio) => write!(line, "{ratio:>8.2}"),
                None => write!(line, "{:>8}", "-"),
            };
        }
    }
    line
}

/// Geometric mean and worst case per engine, and the spread of the runs.
pub(super) fn footer(engines: &[&str], rows: &[Row]) -> String {
    let mut text = String::new();
    for (index, engine) in engines.iter().enumerate().skip(1) {
        if let Some((mean, worst, name)) = sum_up(rows, index) {
            let _ = writeln!(
                text,
                "{engine} to {}: geometric mean {mean:.2}, worst {worst:.2} ({name})",
                engines[0]
            );
        }
    }
    let mut spreads: Vec<f64> = rows
        .iter()
        .flat_map(|row| row.runs.iter().flatten().map(Runs::spread))
        .collect();
    spreads.sort_by(f64::total_cmp);
    if let Some(median) = spreads.get(spreads.len() / 2) {
        let _ = writeln!(text, "median spread of the runs {:.0} %", median * 100.0);
    }
    text
}

/// The same as JSON.
pub(super) fn json(cpu: &str, n_runs: usize, engines: &[&str], rows: &[Row]) -> serde_json::Value {
    let programs: Vec<_> = rows
        .iter()
        .map(|row| {
            let per_engine: serde_json::Map<_, _> = engines
                .iter()
                .enumerate()
                .filter_map(|(index, engine)| {
                    let runs = row.runs.get(index)?.as_ref()?;
                    let value = json!({
                        "seconds": runs.min(), "spread": runs.spread(), "ratio": row.ratio(index),
                    });
                    Some(((*engine).to_owned(), value))
                })
                .collect();
            json!({ "name": row.name, "engines": per_engine })
        })
        .collect();
    let means: serde_json::Map<_, _> = engines
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(index, engine)| {
            let (mean, worst, name) = sum_up(rows, index)?;
            let value = json!({ "geometric_mean": mean, "worst": worst, "worst_program": name });
            Some(((*engine).to_owned(), value))
        })
        .collect();
    json!({ "cpu": cpu, "runs": n_runs, "summary": means, "programs": programs })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{Row, Runs, footer, header, json, line};

    fn rows() -> Vec<Row> {
        let runs = |seconds: &[f64]| Some(Runs::new(seconds.to_vec()));
        vec![
            Row {
                name: "a".into(),
                runs: vec![runs(&[0.4, 0.44]), runs(&[0.1, 0.11])],
            },
            Row {
                name: "b".into(),
                runs: vec![runs(&[0.3, 0.3]), runs(&[0.3, 0.33])],
            },
            Row {
                name: "c".into(),
                runs: vec![runs(&[0.2, 0.2]), None],
            },
        ]
    }

    #[test]
    fn a_table_of_ratios() {
        let engines = ["lua5.1", "ours"];
        let rows = rows();
        let mut text = header(&engines);
        for row in &rows {
            text.push('\n');
            text.push_str(&line(row));
        }
        text.push('\n');
        text.push_str(&footer(&engines, &rows));
        expect![[r#"
            program                 lua5.1      ours   ratio
            a                      0.400 s   0.100 s    4.00
            b                      0.300 s   0.300 s    1.00
            c                      0.200 s    failed       -
            ours to lua5.1: geometric mean 2.00, worst 1.00 (b)
            median spread of the runs 10 %
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn json_has_the_same_numbers() {
        let value = json("cpu", 2, &["lua5.1", "ours"], &rows());
        assert_eq!(value["summary"]["ours"]["worst_program"], "b");
        assert_eq!(value["programs"][0]["engines"]["ours"]["ratio"], 4.0);
        assert_eq!(
            value["programs"][2]["engines"]
                .as_object()
                .map(serde_json::Map::len),
            Some(1)
        );
    }
}
