"use strict";
/* How one market of the queue looks in focus mode. Draws only; focus.js decides and fetches.
   Everything is set as text, never as HTML: names come from bookmakers. */
window.focusView = (function () {
    const FAMILIES = { name: "Name", structure: "Structure", rules: "Rules text", catalogue: "Catalogue ids", prices: "Prices", transitive: "Other bookmakers", ids: "Catalogue ids", others: "Other bookmakers", fed: "Mapped already", rarity: "Rarity", twins: "Twins" };
    const BANDS = { strong: ["desk-good", "strong"], likely: ["desk-info", "likely"], weak: ["desk-calm", "weak"] };
    const PRIORITY = { events: "events", kickoff: "nearness of kick-off", tournament: "tournaments", rivals: "other bookmakers", demand: "demand", solvability: "chance that BetPawa has it" };
    const FLAGS = { swapped: ["desk-bad", "prices say: swapped"], missing: ["desk-warn", "no counterpart"], unsure: ["desk-warn", "check this one"] };

    function make(tag, className, ...children) {
        const element = document.createElement(tag);
        if (className) element.className = className;
        element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
        return element;
    }

    function number(value, digits = 2) {
        return value === null || value === undefined ? "–" : Number(value).toFixed(digits);
    }

    function percent(value) {
        return Math.round(value * 100) + " %";
    }

    function age(at) {
        const time = make("time");
        if (!at) return document.createTextNode("–");
        time.dateTime = at;
        time.dataset.age = "";
        const seconds = (Date.now() - Date.parse(at)) / 1000;
        const size = Math.abs(seconds);
        const words = size < 90 ? Math.round(size) + " s" : size < 5400 ? Math.round(size / 60) + " min" : size < 172800 ? Math.round(size / 3600) + " h" : Math.round(size / 86400) + " d";
        time.textContent = seconds >= 0 ? words + " ago" : "in " + words;
        return time;
    }

    function fact(label, value) {
        return make("span", "", label + " ", make("b", "", value));
    }

    // --- Left: what the bookmaker offers --------------------------------------------------------

    function market(item) {
        const card = make("section", "desk-card");
        card.setAttribute("aria-label", "The rival's market");
        const name = make("h2", "focus-name", make("bdi", "", item.name || item.key));
        name.tabIndex = -1;
        const meta = make("div", "focus-meta", make("span", "", item.bookmaker), make("code", "", make("bdi", "", item.key)),
            fact("events", String(item.events)), fact("next kick-off", age(item.nextKickoffAt)), fact("first seen", age(item.firstSeenAt)));
        if (item.family) meta.append(fact("family", item.family));
        if (item.period) meta.append(fact("period", item.period));
        if (item.errorCode) meta.append(make("span", "", item.errorCode.replaceAll("_", " ").toLowerCase()));
        if (item.claimedBy) meta.append(fact("claimed by", item.claimedBy));
        card.append(name, meta);
        const parts = item.priorityParts || {};
        const words = Object.keys(PRIORITY).filter((part) => typeof parts[part] === "number").map((part) => PRIORITY[part] + " " + Number(parts[part].toFixed(2)));
        card.append(make("p", "desk-quiet", "Priority " + number(item.priority, 1) + (words.length ? ": " + words.join(" · ") : "")));
        if (item.reopenedReason) card.append(make("p", "desk-banner desk-warn", item.reopenedReason));
        if (item.review) card.append(make("p", "desk-banner desk-bad", item.review.reason || "Its prices look wrong."));
        if (item.earlierDecision) card.append(make("p", "desk-quiet", item.earlierDecision));
        if (item.notes) card.append(make("p", "", "Note: ", make("bdi", "", item.notes)));
        const chips = make("p", "desk-chips");
        for (const outcome of item.outcomes) {
            const chip = make("span", "desk-chip", make("bdi", "", outcome.label || outcome.text), " ", make("b", "", outcome.price || ""));
            chip.title = outcome.text;
            chips.append(chip);
        }
        card.append(chips);
        if (item.rulesText) card.append(make("div", "focus-rules", make("bdi", "", item.rulesText)));
        return card;
    }

    // --- Rules text of both ----------------------------------------------------------------------

    const MOST_WORDS = 600; // a comparison costs the product of both

    /* Words of each text with whether the other has them, too, in the same order: [[word, isCommon], …]. */
    function compared(one, other) {
        const mine = one.split(/\s+/).filter(Boolean).slice(0, MOST_WORDS), theirs = other.split(/\s+/).filter(Boolean).slice(0, MOST_WORDS);
        const plain = (word) => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
        const left = mine.map(plain), right = theirs.map(plain);
        const longest = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
        for (let i = left.length - 1; i >= 0; i -= 1) for (let j = right.length - 1; j >= 0; j -= 1)
            longest[i][j] = left[i] === right[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
        const found = [mine.map((word) => [word, false]), theirs.map((word) => [word, false])];
        for (let i = 0, j = 0; i < left.length && j < right.length;) {
            if (left[i] === right[j]) found[0][i++][1] = found[1][j++][1] = true;
            else if (longest[i + 1][j] >= longest[i][j + 1]) i += 1;
            else j += 1;
        }
        return found;
    }

    function rules(item, candidate) {
        const [theirs, ours] = compared(item.rulesText, candidate.rulesText);
        const text = (name, words) => make("div", "", make("h3", "", name), make("p", "focus-rules", make("bdi", "", ...words.flatMap(([word, isCommon]) => [isCommon ? word : make("mark", "", word), " "]))));
        const card = make("section", "desk-card focus-both-rules", make("h2", "", "Rules of both"), make("div", "focus-columns", text(item.bookmaker, theirs), text("BetPawa", ours)));
        card.append(make("p", "desk-quiet", "Underlined is what the other text does not say in these words."));
        return card;
    }

    // --- Right: what it may be ------------------------------------------------------------------

    function candidates(item, chosen, choose) {
        const card = make("section", "desk-card", make("h2", "", "What it may be"));
        if (!item.candidates.length) {
            card.append(make("p", "desk-quiet", item.suggestedAt ? "No BetPawa market comes near. It may be one that BetPawa does not offer." : "Nothing was suggested yet; the next cycle looks at it."));
            return card;
        }
        const list = make("div", "focus-candidates");
        item.candidates.forEach((candidate, index) => {
            const [tone, word] = BANDS[candidate.band] || BANDS.weak;
            const button = make("button", "focus-candidate", make("kbd", "", String(index + 1)),
                make("span", "focus-candidate-name", make("bdi", "", candidate.name), " ", make("span", "focus-candidate-id", "BetPawa " + candidate.betpawaId)),
                make("span", "focus-confidence", make("span", "desk-badge " + tone, percent(candidate.confidence) + " " + word)),
                make("span", "focus-candidate-why", candidate.reasons.length ? strongest(candidate.reasons) : ""));
            button.type = "button";
            button.dataset.key = String(index + 1);
            button.dataset.keyLabel = "Accept suggestion " + (index + 1);
            button.setAttribute("aria-pressed", String(index === chosen));
            button.addEventListener("click", (event) => choose(index, event.detail === 0));
            list.append(button);
        });
        card.append(list);
        if (item.candidates[chosen]) card.append(waterfall(item.candidates[chosen]));
        return card;
    }

    function strongest(reasons) {
        const told = reasons.filter((reason) => reason.family !== "prior" && reason.text);
        return [...told].sort((a, b) => Math.abs(b.points) - Math.abs(a.points)).slice(0, 2).map((reason) => reason.text).join(" · ");
    }

    function waterfall(candidate) {
        const table = make("table", "focus-waterfall");
        table.setAttribute("aria-label", "Why this market");
        const body = make("tbody");
        const most = Math.max(1, ...candidate.reasons.map((reason) => Math.abs(reason.points)));
        const low = Math.min(0, ...candidate.reasons.map((reason) => reason.points)), span = most - low || 1;
        for (const reason of candidate.reasons) {
            const bar = make("i", reason.points < 0 ? "focus-against" : "");
            bar.style.left = ((Math.min(0, reason.points) - low) / span) * 100 + "%";
            bar.style.width = (Math.abs(reason.points) / span) * 100 + "%";
            const track = make("span", "focus-track", bar);
            track.setAttribute("aria-hidden", "true");
            const head = make("th", "", FAMILIES[reason.family] || reason.family);
            head.scope = "row";
            body.append(make("tr", "", head, make("td", "focus-points", (reason.points > 0 ? "+" : "") + number(reason.points, 1)), make("td", "", track), make("td", "focus-candidate-why", reason.text)));
        }
        table.append(body);
        return table;
    }

    // --- Below: outcome by outcome, price by price ----------------------------------------------

    function pairing(item, candidate, changed) {
        const card = make("section", "desk-card focus-pairing", make("h2", "", "Outcomes"));
        if (!candidate) return card;
        const table = make("table", "desk-table");
        const head = make("tr", "", make("th", "", "BetPawa"), make("th", "", item.bookmaker + "'s text"), make("th", "", ""));
        const body = make("tbody");
        candidate.pairing.forEach((pair, index) => {
            const select = make("select");
            select.setAttribute("aria-label", item.bookmaker + "'s text for " + pair.betpawaName);
            const texts = [...new Set([pair.text, ...item.outcomes.map((outcome) => outcome.text), ...candidate.pairing.map((other) => other.text)])].filter(Boolean);
            const labels = Object.fromEntries(item.outcomes.map((outcome) => [outcome.text, outcome.label]));
            select.append(option("", "— left out"));
            for (const text of texts) select.append(option(text, labels[text] && labels[text] !== text ? labels[text] + " (" + text + ")" : text));
            select.value = pair.text || "";
            select.addEventListener("change", () => changed(index, select.value));
            const flag = FLAGS[pair.flag];
            const named = make("th", "", make("bdi", "", pair.betpawaName));
            named.scope = "row";
            body.append(make("tr", "", named, make("td", "", select), make("td", "", flag ? make("span", "desk-badge " + flag[0], flag[1]) : "")));
        });
        if (!candidate.pairing.length) body.append(make("tr", "", make("td", "", "Nothing could be paired. Map it by hand.")));
        table.append(make("thead", "", head), body);
        card.append(make("div", "desk-scroll", table));
        return card;
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

    function prices(item, candidate) {
        const card = make("section", "desk-card", make("h2", "", "Prices side by side"));
        const fixtures = candidate ? candidate.prices : reviewed(item);
        if (!fixtures.length) {
            card.append(make("p", "desk-quiet", candidate ? "No event with prices of both is kept at the moment." : ""));
            return card;
        }
        const table = make("table", "desk-table focus-prices");
        table.append(make("thead", "", make("tr", "", make("th", "", "Event"), make("th", "", "Line"), make("th", "", "Outcome"),
            make("th", "desk-number", "BetPawa"), make("th", "desk-number", item.bookmaker), make("th", "desk-number", "Apart"))));
        for (const fixture of fixtures) {
            const body = make("tbody");
            fixture.rows.forEach((row, index) => {
                const event = make("td", "", index ? "" : make("span", "", make("bdi", "", fixture.home + " – " + fixture.away), make("span", "desk-sub", "sampled ", age(fixture.sampledAt))));
                const apart = row.betpawa && row.rival ? Math.abs(Math.log(row.rival / row.betpawa)) * 100 : null;
                body.append(make("tr", "", event, make("td", "", row.line || ""), make("td", "", make("bdi", "", row.outcome)),
                    make("td", "desk-number", row.betpawa || "–"), make("td", "desk-number", row.rival || "–"),
                    make("td", "desk-number" + (apart > 25 ? " desk-bad" : ""), apart === null ? "–" : number(apart, 0) + " %")));
            });
            table.append(body);
        }
        card.append(make("div", "desk-scroll desk-tall", table));
        return card;
    }

    function draw(item, state, on) {
        const candidate = item.candidates[state.chosen];
        const parts = [make("div", "focus-columns", market(item), candidates(item, state.chosen, on.choose)),
            candidate && candidate.rulesText && item.rulesText ? rules(item, candidate) : "",
            make("div", "focus-below", pairing(item, candidate, on.pair), prices(item, candidate))];
        return parts.filter(Boolean);
    }

    function empty(words, detail, links) {
        return make("section", "desk-card focus-empty", make("h2", "focus-name", words), make("p", "desk-quiet", detail), ...links);
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
                        make("td", "", make("bdi", "", outcome.name)), make("td", "desk-number", outcome.before || "–"), make("td", "desk-number", outcome.after || "–"), make("td", "desk-number", outcome.reference || "–")));
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
        const one = (count, word) => (count === null || count === undefined ? null : about + Number(count).toLocaleString("en-GB") + " " + word + (count === 1 ? "" : "s"));
        const counts = [one(impact.events, "event"), one(impact.markets, "line"), one(impact.rows, "row")].filter(Boolean);
        return counts.length ? "Concerns " + counts.join(", ") + "." : "What it concerns could not be counted.";
    }

    return { draw, empty, preview, impactWords, make };
})();
