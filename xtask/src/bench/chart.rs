//! The ratios of a bench as a picture: one bar for each program and engine, the first engine's speed
//! as a line. Measures nothing itself.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::compare::Row;

/// Pixels of a program's bars, and of the whole picture beside them.
const BAR: u32 = 9;
const GAP: u32 = 5;
const WIDTH: u32 = 900;
const HEAD: u32 = 90;

/// Draws how many times as fast as `engines[0]` the others ran each program, as SVG.
pub(super) fn draw(path: &Path, cpu: &str, engines: &[&str], rows: &[Row]) -> Result<()> {
    let svg = picture(cpu, engines, rows).map_err(|error| anyhow!("cannot draw: {error}"))?;
    std::fs::write(path, svg).map_err(|error| anyhow!("cannot write {}: {error}", path.display()))
}

fn picture(
    cpu: &str,
    engines: &[&str],
    rows: &[Row],
) -> Result<String, Box<dyn std::error::Error>> {
    let n_bars = engines.len().saturating_sub(1).max(1) as u32;
    let row_height = n_bars * BAR + GAP;
    let height = HEAD + row_height * rows.len().max(1) as u32;
    let longest = (1..engines.len())
        .flat_map(|engine| rows.iter().filter_map(move |row| row.ratio(engine)))
        .fold(1.0, f64::max);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        // Rows go down the picture, so the axis is turned over.
        let rows_axis = (rows.len().max(1) as f64)..0.0;
        let first = engines.first().copied().unwrap_or_default();
        let mut chart = ChartBuilder::on(&root)
            .caption(
                format!("Times as fast as {first} ({cpu})"),
                ("sans-serif", 16),
            )
            .margin(10)
            .x_label_area_size(30)
            .y_label_area_size(210)
            .build_cartesian_2d(0.0..longest * 1.05, rows_axis)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(0)
            .x_label_formatter(&|ratio| format!("{ratio:.1}"))
            .draw()?;
        let style = ("sans-serif", 12).into_font().color(&BLACK);
        for (index, row) in rows.iter().enumerate() {
            let (_, y) = chart.backend_coord(&(0.0, index as f64 + 0.5));
            root.draw_text(&format!("{}/{}", row.group, row.name), &style, (15, y - 6))?;
        }
        let share = f64::from(BAR) / f64::from(row_height);
        for (index, engine) in engines.iter().enumerate().skip(1) {
            let color = Palette99::pick(index).to_rgba();
            let bars = rows.iter().enumerate().filter_map(|(at, row)| {
                let top = at as f64 + share * (index - 1) as f64;
                let corners = [(0.0, top), (row.ratio(index)?, top + share)];
                Some(Rectangle::new(corners, color.filled()))
            });
            chart
                .draw_series(bars)?
                .label(*engine)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 4), (x + 12, y + 4)], color.filled())
                });
        }
        chart.draw_series(LineSeries::new(
            [(1.0, 0.0), (1.0, rows.len() as f64)],
            BLACK.stroke_width(1),
        ))?;
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE)
            .border_style(BLACK)
            .draw()?;
        root.present()?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::super::compare::{Measured, Row, Runs};
    use super::picture;

    #[test]
    fn every_program_and_engine_is_drawn() {
        let measured = |seconds| {
            let runs = Runs::new(vec![seconds]);
            Some(Measured { runs, peak: None })
        };
        let row = |name: &str, ours| Row {
            group: "group".into(),
            name: name.into(),
            results: vec![measured(1.0), ours],
        };
        let rows = [row("one", measured(0.5)), row("two", None)];
        let svg = picture("a CPU", &["lua5.1", "ours"], &rows).unwrap();
        let shown = |text: &str| svg.matches(&format!("\n{text}\n")).count();
        assert_eq!(
            [
                "group/one",
                "group/two",
                "ours",
                "Times as fast as lua5.1 (a CPU)"
            ]
            .map(shown),
            [1, 1, 1, 1]
        );
        let bars = svg.matches(r##"fill="#3CB44B""##).count();
        assert_eq!(
            bars, 2,
            "one bar, as the other program failed, and the legend: {svg}"
        );
    }
}
