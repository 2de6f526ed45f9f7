"use strict";
/* Coverage over time: a line per rival and way of counting, in percent. */
document.addEventListener("DOMContentLoaded", () => {
    const canvas = document.querySelector("[data-coverage]");
    const data = JSON.parse(document.getElementById("coverage-data").textContent);
    const COLOURS = { light: ["#1d4ed8", "#b45309", "#047857"], dark: ["#93c5fd", "#fcd34d", "#6ee7b7"] };
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Africa/Lagos", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
    const WAYS = [["byEvent", "on all events", []], ["byType", "kinds of market", [6, 4]]]; // the colour is never the only difference
    let chart = null;

    function draw() {
        const css = getComputedStyle(document.documentElement);
        const text = css.getPropertyValue("--desk-text").trim() || "#333", line = css.getPropertyValue("--desk-line").trim() || "#ccc";
        const colours = document.documentElement.classList.contains("dark") ? COLOURS.dark : COLOURS.light;
        const datasets = data.books.flatMap((book, place) => WAYS.map(([key, words, dash]) => ({
            label: book.name + ", " + words,
            data: book.points.filter((point) => point[key] !== null).map((point) => ({ x: point.at, y: point[key] * 100 })),
            borderColor: colours[place % colours.length], backgroundColor: colours[place % colours.length],
            borderDash: dash, borderWidth: 2, pointRadius: 1.5,
        })));
        if (chart) chart.destroy();
        chart = new Chart(canvas, {
            type: "line",
            data: { datasets },
            options: {
                maintainAspectRatio: false, animation: false, parsing: false,
                interaction: { mode: "nearest", axis: "x", intersect: false },
                scales: {
                    x: { type: "linear", ticks: { color: text, maxTicksLimit: 6, callback: (value) => clock.format(value) }, grid: { color: line } },
                    y: { ticks: { color: text, callback: (value) => value + " %" }, grid: { color: line } },
                },
                plugins: {
                    legend: { labels: { color: text } },
                    tooltip: { callbacks: { title: (items) => clock.format(items[0].parsed.x), label: (item) => item.dataset.label + ": " + item.parsed.y.toFixed(1) + " %" } },
                },
            },
        });
    }

    draw();
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
});
