"use strict";
/* The price chart of one market: one outcome at a time, a stepped line per bookmaker. */
(function () {
    const data = JSON.parse(document.getElementById("desk-chart-data").textContent);
    const canvas = document.querySelector("[data-chart]");
    const select = document.querySelector("[data-chart-outcome]");
    const COLOURS = { light: ["#1d4ed8", "#b45309", "#047857", "#7e22ce"], dark: ["#93c5fd", "#fcd34d", "#6ee7b7", "#d8b4fe"] };
    const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]]; // the colour is never the only difference
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Africa/Lagos", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

    const exact = new Intl.DateTimeFormat("en-GB", { timeZone: "Africa/Lagos", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    // A history of minutes would otherwise write the same minute under several ticks.
    const SHORT_SPAN = 15 * 60 * 1000;
    const times = data.books.flatMap((book) => book.points.map((point) => point.at));
    const axisClock = Math.max(...times) - Math.min(...times) < SHORT_SPAN ? exact : clock;

    for (const name of data.outcomes) {
        const option = document.createElement("option");
        option.textContent = name;
        option.value = name;
        select.append(option);
    }

    function isDark() {
        return document.documentElement.classList.contains("dark");
    }

    function datasets(outcome) {
        const colours = isDark() ? COLOURS.dark : COLOURS.light;
        return data.books.map((book, place) => ({
            label: book.name,
            data: book.points.map((point) => ({ x: point.at, y: point.odds[outcome] ?? NaN })),
            stepped: true, // a price holds until the next change
            spanGaps: false,
            borderColor: colours[place % colours.length],
            backgroundColor: colours[place % colours.length],
            borderDash: DASHES[place % DASHES.length],
            borderWidth: 2,
            pointRadius: 2.5,
        }));
    }

    function style() {
        const css = getComputedStyle(document.documentElement);
        return { text: css.getPropertyValue("--desk-text").trim() || "#333", line: css.getPropertyValue("--desk-line").trim() || "#ccc" };
    }

    let chart = null;

    function draw() {
        const { text, line } = style();
        if (chart) chart.destroy();
        chart = new Chart(canvas, {
            type: "line",
            data: { datasets: datasets(select.value) },
            options: {
                maintainAspectRatio: false,
                animation: false,
                parsing: false,
                interaction: { mode: "nearest", axis: "x", intersect: false },
                scales: {
                    // Milliseconds on a linear axis: the bundled library has no date adapter.
                    x: { type: "linear", ticks: { color: text, maxTicksLimit: 8, callback: (ms) => axisClock.format(ms) }, grid: { color: line }, title: { display: true, text: "WAT (Lagos)", color: text } },
                    y: { ticks: { color: text }, grid: { color: line }, title: { display: true, text: "Price", color: text } },
                },
                plugins: {
                    legend: { labels: { color: text } },
                    tooltip: { callbacks: { title: (items) => (items.length ? exact.format(items[0].parsed.x) + " WAT" : "") } },
                },
            },
        });
    }

    select.addEventListener("change", draw);
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    if (data.outcomes.length) draw();
})();
