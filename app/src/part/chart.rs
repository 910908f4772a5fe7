//! Bars over time as markup, with a line for the time before. Bars tell their numbers to who points at them; a
//! table beside the chart tells them to everybody. Written on the server only (see [`super::served`]).

use leptos::prelude::*;

/// Width of a bar with the gap beside it, and of the gap alone, in the drawing's own units.
const BAR: usize = 10;
const GAP: usize = 2;
/// Height of the drawing.
const HEIGHT: i64 = 100;

/// What is drawn.
pub(crate) struct Chart {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it shows, in a sentence.
    pub(crate) told: String,
    /// The sum of all bars, in words.
    pub(crate) whole: String,
    /// The highest bar, in words.
    pub(crate) most: String,
    /// How high each bar is, and what it stands for.
    pub(crate) bars: Vec<(i64, String)>,
    /// How high it was before, bar by bar; empty: that is not known.
    pub(crate) before: Vec<i64>,
    /// What the first and the last bar are of.
    pub(crate) ends: [String; 2],
}

/// The chart.
pub(crate) fn chart(chart: Chart) -> impl IntoView {
    let Chart {
        name,
        told,
        whole,
        most,
        bars,
        before,
        ends: [first, last],
    } = chart;
    let top = bars
        .iter()
        .map(|(value, _)| *value)
        .chain(before.iter().copied());
    let top = top.max().unwrap_or_default().max(1);
    let view_box = format!("0 0 {} {HEIGHT}", (bars.len() * BAR).max(BAR));
    let line = (before.len() == bars.len() && before.len() > 1).then(|| {
        let place = |(index, value): (usize, &i64)| {
            format!("{},{}", index * BAR + BAR / 2, HEIGHT - height(*value, top))
        };
        let points: Vec<String> = before.iter().enumerate().map(place).collect();
        view! { <polyline class="before" points=points.join(" ")/> }
    });
    let bar = |(index, (value, told)): (usize, (i64, String))| {
        let tall = height(value, top);
        view! {
            <g>
                <title>{told}</title>
                <rect class="room" x=(index * BAR).to_string() y="0" width=BAR.to_string() height=HEIGHT.to_string()/>
                <rect x=(index * BAR + GAP / 2).to_string() y=(HEIGHT - tall).to_string()
                    width=(BAR - GAP).to_string() height=tall.to_string()/>
            </g>
        }
    };
    let bars = bars.into_iter().enumerate().map(bar).collect_view();
    view! {
        <figure class="chart">
            <figcaption><b>{name}</b><span>{whole}</span></figcaption>
            <p class="most" aria-hidden="true">{most}</p>
            <svg role="img" aria-label=told viewBox=view_box preserveAspectRatio="none">{bars}{line}</svg>
            <p class="ends" aria-hidden="true"><span>{first}</span><span>{last}</span></p>
        </figure>
    }
}

/// How high a value is drawn; what is not nothing can be seen.
fn height(value: i64, top: i64) -> i64 {
    if value <= 0 {
        return 0;
    }
    let scaled = i128::from(value) * i128::from(HEIGHT) / i128::from(top);
    i64::try_from(scaled).unwrap_or(HEIGHT).clamp(1, HEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_keep_to_the_drawing() {
        assert_eq!(height(0, 10), 0);
        assert_eq!(height(-5, 10), 0);
        assert_eq!(height(1, i64::MAX), 1);
        assert_eq!(height(5, 10), 50);
        assert_eq!(height(i64::MAX, i64::MAX), HEIGHT);
    }
}
