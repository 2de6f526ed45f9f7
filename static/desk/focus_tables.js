"use strict";
/* Focus mode's tables: outcome by outcome, price by price, and what saving would change. Draws only. */
window.focusTables = (function () {
    const { make, number, price, age, counted } = window.focusParts;
    const MOST_UNPAIRED = 15;

    // --- Below: outcome by outcome, price by price ----------------------------------------------

    function pairing(item, candidate, changed) {
        const card = make("section", "desk-card focus-pairing", make("h2", "", "Outcomes"));
        if (!candidate) {
            card.append(item.outcomes.length ? own(item) : make("p", "desk-quiet", item.bookmaker + "'s outcomes are not known."));
            return card;
        }
        const table = make("table", "desk-table");
        const head = make("tr", "", make("th", "", "BetPawa"), make("th", "", item.bookmaker + "'s text"), make("th", "", ""));
        const body = make("tbody");
        const labels = Object.fromEntries(item.outcomes.map((outcome) => [outcome.text, outcome.label]));
        const texts = [...new Set([...item.outcomes.map((outcome) => outcome.text), ...candidate.pairing.map((other) => other.text)])].filter(Boolean);
        candidate.pairing.forEach((pair, index) => {
            const select = make("select");
            select.dataset.keysHeard = ""; // y and n decide; they do not look for "Yes" and "No" in it
            select.setAttribute("aria-label", item.bookmaker + "'s text for " + pair.betpawaName);
            select.append(option("", "— left out"));
            for (const text of texts) select.append(option(text, labels[text] && labels[text] !== text ? labels[text] + " (" + text + ")" : text));
            select.value = pair.text || "";
            select.addEventListener("change", () => changed(index, select.value));
            const flag = pair.flagged; // [tone, words]
            const named = make("th", "", make("bdi", "", pair.betpawaName));
            named.scope = "row";
            body.append(make("tr", "", named, make("td", "", select), make("td", "", flag ? make("span", "desk-badge desk-" + flag[0], flag[1]) : "")));
        });
        if (!candidate.pairing.length) body.append(make("tr", "", make("td", "", "Nothing could be paired. Map it by hand.")));
        table.append(make("thead", "", head), body);
        const rest = candidate.unpaired || [];
        if (rest.length) card.append(make("p", "desk-banner desk-warn", rest.length + " of " + counted(item.outcomeCount, item.bookmaker + " outcome") + " have no pair: ", ...listed(rest)));
        card.append(make("div", "desk-scroll desk-tall", table));
        return card;
    }

    function listed(texts) {
        const shown = texts.slice(0, MOST_UNPAIRED).flatMap((text, index) => [index ? ", " : "", make("bdi", "", text)]);
        return texts.length > MOST_UNPAIRED ? [...shown, ", +" + (texts.length - MOST_UNPAIRED)] : shown;
    }

    /* The rival's outcomes by themselves, while nothing is chosen. */
    function own(item) {
        const table = make("table", "desk-table");
        table.append(make("thead", "", make("tr", "", make("th", "", item.bookmaker + "'s outcome"), make("th", "desk-number", "Price"))));
        const body = make("tbody");
        for (const outcome of item.outcomes) body.append(make("tr", "", make("td", "", make("bdi", "", outcome.label || outcome.text)), make("td", "desk-number", price(outcome.price))));
        table.append(body);
        return make("div", "desk-scroll desk-tall", table);
    }

    function option(value, text) {
        const element = make("option", "", text);
        element.value = value;
        return element;
    }

    /* The events that brought it up for review, as its mapping pairs them today. */
    function reviewed(item) {
        return ((item.review || {}).fixtures || []).map((fixture) => ({
            home: fixture.homeTeam, away: fixture.awayTeam, sampledAt: fixture.sampledAt,
            rows: fixture.outcomes.map((one) => ({ line: fixture.line, outcome: one.betpawaName, betpawa: one.betpawaPrice, rival: one.price })),
        }));
    }

    /* The prices of an event, as the outcomes are paired now: those of a text that no pair had are not known here. */
    function repaired(rows, pairing) {
        const namesOf = new Map(pairing.map((pair) => [pair.original ?? pair.text, pair.betpawaName]));
        return rows.map((row) => {
            const pair = pairing.find((one) => one.betpawaName === row.outcome);
            if (!pair || pair.original === undefined) return row;
            const from = rows.find((one) => one.line === row.line && one.outcome === namesOf.get(pair.text));
            return { ...row, rival: from ? from.rival : null };
        });
    }

    function prices(item, candidate) {
        const both = candidate ? candidate.prices.map((fixture) => ({ ...fixture, rows: repaired(fixture.rows, candidate.pairing) })) : reviewed(item);
        const fixtures = both.length ? both : item.ownPrices || [];
        const card = make("section", "desk-card", make("h2", "", both.length ? "Prices side by side" : item.bookmaker + "'s prices"));
        card.dataset.prices = "";
        if (candidate && !both.length) card.append(make("p", "desk-quiet", "No event with prices of both is kept at the moment."));
        else if (!fixtures.length) card.append(make("p", "desk-quiet", "No event with its prices is kept at the moment."));
        if (!fixtures.length) return card;
        const table = make("table", "desk-table focus-prices");
        const hasLines = fixtures.some((fixture) => fixture.rows.some((row) => row.line));
        const lined = (tag, text) => (hasLines ? make(tag, "", text) : "");
        table.append(make("thead", "", make("tr", "", lined("th", "Line"), make("th", "", "Outcome"),
            ...(both.length ? [make("th", "desk-number", "BetPawa")] : []), make("th", "desk-number", item.bookmaker), ...(both.length ? [make("th", "desk-number", "Apart")] : []))));
        for (const fixture of fixtures) {
            const body = make("tbody");
            const event = make("th", "", make("bdi", "", fixture.home + " – " + fixture.away), " ", make("span", "focus-sampled", "sampled ", age(fixture.sampledAt)));
            event.colSpan = table.tHead.rows[0].cells.length;
            event.scope = "rowgroup";
            body.append(make("tr", "", event));
            for (const row of fixture.rows) {
                const apart = row.betpawa && row.rival ? Math.abs(Math.log(row.rival / row.betpawa)) * 100 : null;
                const line = make("tr", "", lined("td", row.line || ""), make("td", "", make("bdi", "", row.outcome)));
                if (both.length) line.append(make("td", "desk-number", price(row.betpawa)));
                line.append(make("td", "desk-number", price(row.rival)));
                if (both.length) line.append(make("td", "desk-number" + (apart > 25 ? " desk-bad" : ""), apart === null ? "–" : number(apart, 0) + " %"));
                body.append(line);
            }
            table.append(body);
        }
        card.append(make("div", "desk-scroll desk-tall", table));
        return card;
    }

    function preview(data) {
        const impact = data.impact || {};
        const parts = [make("p", "", impactWords(impact))];
        const conflicts = data.conflicts || [];
        if (conflicts.length) {
            const list = make("ul", "desk-list");
            for (const conflict of conflicts) list.append(make("li", conflict.severity === "error" ? "desk-error" : "", conflict.text));
            parts.push(list);
        } else parts.push(make("p", "", "No conflict."));
        if (impact.note) parts.push(make("p", "desk-quiet", impact.note));
        for (const fixture of impact.fixtures || []) {
            const table = make("table", "desk-table focus-prices");
            table.append(make("thead", "", make("tr", "", make("th", "", ""), make("th", "", "Market"), make("th", "", "Line"), make("th", "", "Outcome"),
                make("th", "desk-number", "Now"), make("th", "desk-number", "Then"), make("th", "desk-number", "BetPawa"))));
            const body = make("tbody");
            for (const change of fixture.changes) {
                change.outcomes.forEach((outcome, index) => {
                    body.append(make("tr", "", make("td", "", index ? "" : change.change), make("td", "", index ? "" : make("bdi", "", change.marketName)), make("td", "", index ? "" : change.line || ""),
                        make("td", "", make("bdi", "", outcome.name)), make("td", "desk-number", price(outcome.before)), make("td", "desk-number", price(outcome.after)), make("td", "desk-number", price(outcome.reference))));
                });
            }
            if (fixture.notShown) body.append(make("tr", "", make("td", "desk-quiet", "and " + fixture.notShown + " more")));
            table.append(body);
            parts.push(make("h3", "", make("bdi", "", fixture.homeTeam + " – " + fixture.awayTeam)), fixture.changes.length ? make("div", "desk-scroll", table) : make("p", "desk-quiet", "Nothing changes here."));
        }
        return parts;
    }

    function impactWords(impact) {
        const about = impact.exact === false ? "about " : "";
        const one = (count, word) => (count === null || count === undefined ? null : counted(count, word));
        const counts = [one(impact.events, "event"), one(impact.markets, "line"), one(impact.rows, "stored row")].filter(Boolean);
        return counts.length ? "It would change " + about + counts.join(", ") + "." : "What it would change could not be counted.";
    }

    return { pairing, prices, preview, impactWords };
})();
