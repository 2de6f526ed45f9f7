"use strict";
/* How one market of the queue looks in focus mode. Draws only; focus.js decides and fetches.
   Everything is set as text, never as HTML: names come from bookmakers. */
window.focusView = (function () {
    const { make, number, price, age, fact, counted } = window.focusParts;
    const tables = window.focusTables, { isReview, nothingChosen } = window.focusChoice;
    const BANDS = { strong: ["desk-good", "strong"], likely: ["desk-info", "likely"], weak: ["desk-calm", "weak"] };
    const TOP_REASONS = 3, SIBLINGS_SHOWN = 6;
    let allReasons = false; // opened once, they stay open from market to market

    // --- Left: what the bookmaker offers --------------------------------------------------------

    function market(item) {
        const card = make("section", "desk-card focus-market");
        card.setAttribute("aria-label", "The bookmaker's market");
        const name = make("h2", "focus-name", make("bdi", "", item.name || item.key));
        name.tabIndex = -1;
        const meta = make("div", "focus-meta", make("span", "", item.bookmaker), make("code", "", make("bdi", "", item.key)),
            make("b", "", counted(item.events, "event")), item.nextKickoffAt ? make("b", "", age(item.nextKickoffAt, "kickoff")) : "");
        if (item.family) meta.append(fact("family", item.family.replaceAll("_", " ")));
        if (item.period) meta.append(fact("period", item.period));
        if (item.why) meta.append(make("span", "", item.why));
        if (item.claimedBy) meta.append(fact("claimed by", item.claimedBy));
        meta.append(fact("seen first", age(item.firstSeenAt)), priority(item));
        card.append(name, meta, make("div", "focus-told", ...told(item)));
        return card;
    }

    function priority(item) {
        const box = make("details", "focus-priority", make("summary", "", "priority ", make("b", "", number(item.priority, 1))));
        for (const [words, value] of item.priorityParts) box.append(make("div", "", words + " ", make("b", "", value)));
        return box;
    }

    /* What is to be known about it before it is decided. */
    function told(item) {
        const banner = (tone, words) => (words ? [make("p", "desk-banner desk-" + tone, words)] : []);
        return [...banner("bad", item.decidedBy && "Decided by " + item.decidedBy + " just now. What you decide is checked against that."), ...banner("bad", item.comesAgain),
            ...banner("warn", item.remark), ...banner("warn", item.reopenedReason), ...banner("bad", item.review && (item.review.reason || "Its prices look wrong."))];
    }

    function details(item) {
        const card = make("section", "desk-card focus-details");
        card.setAttribute("aria-label", "More about the bookmaker's market");
        const chips = make("p", "desk-chips");
        for (const outcome of item.outcomes) {
            const chip = make("span", "desk-chip", make("bdi", "", outcome.label || outcome.text), " ", make("b", "", outcome.price ? price(outcome.price) : ""));
            chip.title = outcome.text;
            chips.append(chip);
        }
        const more = item.outcomeCount - item.outcomes.length;
        if (more > 0) chips.append(make("span", "desk-chip", "+" + more));
        card.append(chips);
        if (item.siblings.length) card.append(siblings(item));
        if (item.earlierDecision) card.append(make("p", "desk-quiet", item.earlierDecision));
        if (item.notes) card.append(make("p", "", "Note: ", make("bdi", "", item.notes)));
        if (item.rulesText) card.append(make("div", "focus-rules", make("bdi", "", item.rulesText)));
        return card;
    }

    /* Which they are, before anybody decides them too. */
    function siblings(item) {
        const named = item.siblings.map((one, index) => make("span", "", index ? ", " : "", make("bdi", "", one.name || one.key), " ", make("code", "", make("bdi", "", one.key))));
        const list = make("div", "focus-siblings-list", make("b", "", (item.hasMoreSiblings ? "first " : "") + counted(item.siblings.length, "sibling") + ": "), ...named.slice(0, SIBLINGS_SHOWN));
        list.dataset.siblingsList = "";
        if (named.length > SIBLINGS_SHOWN) list.append(make("details", "", make("summary", "", "+" + (named.length - SIBLINGS_SHOWN)), ...named.slice(SIBLINGS_SHOWN)));
        return list;
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

    function candidates(item, state, choose) {
        const card = make("section", "desk-card focus-may", make("h2", "", "What it may be"));
        if (!item.candidates.length) {
            card.append(make("p", "desk-quiet", item.suggestedAt ? "No other BetPawa market comes near. It may be one that BetPawa does not offer." : "Nothing was suggested yet; the next cycle looks at it."));
            return card;
        }
        const list = make("div", "focus-candidates");
        item.candidates.forEach((candidate, index) => {
            const [tone, word] = BANDS[candidate.band] || BANDS.weak;
            const button = make("button", "focus-candidate", make("kbd", "", String(index + 1)),
                make("span", "focus-candidate-name", make("bdi", "", candidate.name), " ", make("span", "focus-candidate-id", "BetPawa " + candidate.betpawaId)),
                make("span", "focus-confidence", make("span", "desk-badge " + tone, candidate.confidence + " " + word)),
                index === state.chosen ? "" : make("span", "focus-candidate-why", strongest(candidate)));
            button.type = "button";
            button.dataset.key = String(index + 1);
            button.dataset.keyLabel = state.accepts(candidate) ? "Accept suggestion " + (index + 1) : "Look at suggestion " + (index + 1);
            button.setAttribute("aria-pressed", String(index === state.chosen));
            button.addEventListener("click", (event) => choose(index, !event.isTrusted)); // its number; Enter and Space on it only choose
            list.append(button);
        });
        const check = make("p", "focus-check", ...checked(item, state));
        check.dataset.check = "";
        card.append(list, check);
        if (item.candidates[state.chosen]) card.append(waterfall(item.candidates[state.chosen]));
        return card;
    }

    /* What the key that accepts will do, said before it is pressed. */
    function checked(item, state) {
        const candidate = item.candidates[state.chosen], check = candidate && candidate.check;
        if (!state.mayDecide) return [];
        if (!candidate) return [nothingChosen(item)];
        if (!check) return ["Checking what accepting it would change…"];
        if (!check.canSave) return [make("span", "desk-banner desk-bad", "Cannot be accepted as it is. " + check.why + " Next: m maps it by hand.")];
        if (check.needsReason) return [make("span", "desk-banner desk-warn", "Will ask for a reason: " + check.why)];
        return [(candidate.band === "weak" ? "A weak one. " : "") + "y saves it without asking."];
    }

    function strongest(candidate) {
        const told = candidate.reasons.filter((reason) => reason.family !== "prior" && reason.text);
        return [...told].sort((a, b) => Math.abs(b.points) - Math.abs(a.points)).slice(0, 2).map((reason) => inWords(reason, candidate)).join(" · ");
    }

    /* "Another key is mapped there already" says which. */
    function inWords(reason, candidate) {
        const keys = (candidate.servedKeys || []).filter((key) => !reason.text.includes(key));
        if (reason.family !== "fed" || !keys.length) return reason.text;
        return reason.text + ": " + keys.slice(0, 3).join(", ") + (keys.length > 3 ? ", +" + (keys.length - 3) : "");
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
            const head = make("th", "", reason.title);
            head.scope = "row";
            body.append(make("tr", "", head, make("td", "focus-points", (reason.points > 0 ? "+" : "") + number(reason.points, 1)), make("td", "focus-bars", track), make("td", "focus-candidate-why", inWords(reason, candidate))));
        }
        table.append(body);
        const rest = [...body.rows].slice(TOP_REASONS);
        if (!rest.length) return table;
        const more = make("button", "focus-more");
        more.type = "button";
        const tell = () => {
            for (const row of rest) row.hidden = !allReasons;
            more.textContent = allReasons ? "Fewer reasons" : counted(rest.length, "more reason");
            more.setAttribute("aria-expanded", String(allReasons));
        };
        more.addEventListener("click", () => { allReasons = !allReasons; tell(); });
        tell();
        return make("div", "", table, more);
    }

    /* state: chosen, mayDecide, and accepts(candidate): whether its number accepts it. */
    function draw(item, state, on) {
        const candidate = item.candidates[state.chosen];
        const parts = [make("div", "focus-columns", market(item), candidates(item, state, on.choose), details(item)),
            make("div", "focus-below", tables.pairing(item, candidate, on.pair), tables.prices(item, candidate)),
            candidate && candidate.rulesText && item.rulesText ? rules(item, candidate) : ""];
        return parts.filter(Boolean);
    }

    /* The prices anew, after a pair was changed. */
    function reprice(item, candidate) {
        document.querySelector("[data-prices]").replaceWith(tables.prices(item, candidate));
    }

    /* ms: how long the sitting took. */
    function finished(decided, ms, queueUrl) {
        const minutes = Math.floor(ms / 60000), seconds = Math.floor((ms % 60000) / 1000);
        const back = make("a", "desk-button desk-primary", "Back to the queue");
        back.href = queueUrl;
        const took = (minutes ? minutes + " min " : "") + seconds + " s";
        const detail = decided ? decided + " decided in " + took + ". Each can be undone with z, or all at once under Decisions." : "No market fits this filter any more.";
        return make("section", "desk-card focus-empty", make("h2", "focus-name", decided ? "Done" : "Nothing waits here"), make("p", "desk-quiet", detail), back);
    }

    return { draw, reprice, finished, told, checked };
})();
