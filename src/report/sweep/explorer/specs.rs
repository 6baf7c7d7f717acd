//! The two Vega-Lite specifications of the page.
//!
//! The script adds what depends on the choices of the reader: the channels of both axes, the sizes, and the rows of
//! the named data. Styles have names, whose colours the script takes from the style sheet.

use serde_json::{Value as Json, json};

/// Returns both specifications.
pub(super) fn specs() -> Json {
    json!({ "scatter": scatter(), "lines": lines() })
}

/// A point per variant over two columns, with intervals, objectives and the Pareto front.
fn scatter() -> Json {
    let interval = |from: &str, to: &str, axis: &str| {
        let ends = json!({ axis: { "field": from, "type": "quantitative" }, format!("{axis}2"): { "field": to } });
        json!({
            "data": { "name": "intervals" },
            "mark": { "type": "rule", "style": "interval", "opacity": 0.55 },
            "encoding": ends,
        })
    };
    let bound = |name: &str, axis: &str, other: &str| {
        json!({
            "data": { "name": format!("{name}s") },
            "mark": { "type": "rule", "style": "bound", "strokeDash": [6, 4] },
            "encoding": { axis: { "field": name, "type": "quantitative" }, other: null },
        })
    };
    json!({
        "autosize": { "type": "fit", "contains": "padding" },
        "encoding": { "x": {}, "y": {} },
        "layer": [
            bound("x_bound", "x", "y"),
            bound("y_bound", "y", "x"),
            interval("x_low", "x_high", "x"),
            interval("y_low", "y_high", "y"),
            {
                "data": { "name": "front" },
                "mark": { "type": "line", "style": "front", "strokeWidth": 1.5 },
                "encoding": { "order": { "field": "order", "type": "quantitative" } },
            },
            {
                "data": { "name": "points" },
                "mark": { "type": "point", "style": "variant", "size": 60, "strokeWidth": 1.6, "filled": true },
                "encoding": {
                    "fillOpacity": { "condition": { "test": "datum.hollow", "value": 0 }, "value": 0.85 },
                    "shape": {
                        "field": "verdict",
                        "type": "nominal",
                        "legend": null,
                        "scale": {
                            "domain": ["meets", "misses", "undecided", "not judged"],
                            "range": ["circle", "circle", "diamond", "circle"],
                        },
                    },
                    "tooltip": { "field": "words", "type": "nominal" },
                },
            },
            {
                "data": { "name": "picked" },
                "mark": { "type": "point", "style": "picked", "size": 260, "strokeWidth": 2.2, "filled": false },
            },
        ],
    })
}

/// A line per variant over parallel axes.
fn lines() -> Json {
    let line = |name: &str, style: &str, width: f64, opacity: f64| {
        json!({
            "data": { "name": name },
            "mark": { "type": "line", "style": style, "strokeWidth": width, "opacity": opacity },
            "encoding": {
                "detail": { "field": "at", "type": "nominal" },
                "strokeDash": { "condition": { "test": "datum.dashed", "value": [3, 3] }, "value": [1, 0] },
            },
        })
    };
    let rule = |name: &str, style: &str, width: f64, opacity: f64| {
        json!({
            "data": { "name": name },
            "mark": { "type": "rule", "style": style, "strokeWidth": width, "opacity": opacity },
            "encoding": { "y2": { "field": "v_high" } },
        })
    };
    let text = |style: &str, width: f64| {
        json!({
            "data": { "name": "ticks" },
            "mark": { "type": "text", "style": style, "align": "left", "dx": 5, "fontSize": 11, "strokeWidth": width },
            "encoding": { "text": { "field": "text", "type": "nominal" } },
        })
    };
    let mut brushed = line("lines", "line", 1.5, 0.5);
    brushed["params"] =
        json!([{ "name": "brush", "select": { "type": "interval", "encodings": ["x", "y"] } }]);
    json!({
        "height": 300,
        "autosize": { "type": "fit-x", "contains": "padding" },
        "encoding": {
            "x": {
                "field": "axis",
                "type": "nominal",
                "title": null,
                "scale": { "type": "point", "padding": 0.5 },
                "axis": {
                    "orient": "top",
                    "labelAngle": 0,
                    "labelExpr": "split(datum.label, '\\n')",
                    "labelLimit": 300,
                    "labelPadding": 12,
                    "labelOverlap": false,
                    "domain": false,
                    "ticks": false,
                    "grid": false,
                },
            },
            "y": { "field": "v", "type": "quantitative", "scale": { "domain": [0, 1] }, "axis": null },
        },
        "layer": [
            line("faint", "faint", 1.0, 0.15),
            brushed,
            rule("axes", "axis", 1.0, 1.0),
            rule("ranges", "front", 7.0, 0.5),
            line("picked", "picked", 2.5, 1.0),
            text("halo", 3.0),
            text("value", 0.0),
        ],
    })
}
