"use strict";
/* The event page: find a market, fold the headings, and take in new prices without moving anything. */
(function () {
    const AGAIN_AFTER = 1500;
    const FOLDS_KEY = "desk.event.sections";
    const odds = document.getElementById("desk-event-odds");
    const search = document.querySelector("[data-market-search]");
    const group = document.querySelector("[data-market-group]");
    const shown = document.querySelector("[data-market-shown]");
    const reload = document.querySelector("[data-market-reload]");

    /* The question's letters one by one, its numbers whole: "o25" is o, 25. */
    function partsOf(question) {
        return question.toLowerCase().replace(/[^a-z0-9]/g, "").match(/[0-9]+|[a-z]/g) || [];
    }

    /* Letters and numbers without what stands between them; a number that follows one stays apart. */
    function wordsOf(body) {
        const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
        return plain(body.dataset.words) + " " + plain(body.dataset.line);
    }

    /* Every part of the question, in order; a number where a number begins: 25 is in 2.5, not in 12.5. */
    function isSubsequence(parts, words) {
        let at = 0;
        for (const part of parts) {
            do at = words.indexOf(part, at) + 1;
            while (at > 1 && /[0-9]/.test(part) && /[0-9]/.test(words[at - 2]));
            if (at === 0) return false;
            at += part.length - 1;
        }
        return true;
    }

    // --- Headings: open or folded as this browser left them ---------------------------------

    function foldsKept() {
        try {
            return JSON.parse(localStorage.getItem(FOLDS_KEY) || "{}");
        } catch (error) {
            console.warn("desk: nothing can be remembered", error);
            return {};
        }
    }

    const folds = foldsKept(); // {section: whether a person left it open}

    function keepFold(section, isOpen) {
        folds[section.dataset.section] = isOpen;
        try {
            localStorage.setItem(FOLDS_KEY, JSON.stringify(folds));
        } catch (error) {
            console.warn("desk: nothing can be remembered", error);
        }
    }

    function sections(root) {
        return Array.from(root.querySelectorAll("[data-section]"));
    }

    function foldAll(isOpen) {
        for (const section of sections(odds)) {
            section.open = isOpen;
            keepFold(section, isOpen);
        }
    }

    odds.addEventListener("click", (event) => {
        const section = event.target.closest("summary")?.parentElement;
        // What opens because something was found is nobody's choice.
        if (section && !isFiltered()) keepFold(section, !section.open);
    });
    document.querySelector("[data-sections-open]").addEventListener("click", () => foldAll(true));
    document.querySelector("[data-sections-close]").addEventListener("click", () => foldAll(false));

    // --- Search and group -------------------------------------------------------------------

    function isFiltered() {
        return partsOf(search.value).length > 0 || group.value !== "";
    }

    function markets(count) {
        return count + " market" + (count === 1 ? "" : "s");
    }

    function choose() {
        const parts = partsOf(search.value);
        const filtered = isFiltered();
        let found = 0, all = 0;
        for (const section of sections(odds)) {
            const bodies = section.querySelectorAll("tbody[data-market]");
            let count = 0;
            for (const body of bodies) {
                const inGroup = !group.value || body.dataset.groups.split(" ").includes(group.value);
                body.hidden = !(inGroup && isSubsequence(parts, wordsOf(body)));
                if (!body.hidden) count += 1;
            }
            const isCopy = "copies" in section.dataset;
            section.hidden = filtered && (isCopy || count === 0);
            if (!("asSent" in section.dataset)) section.dataset.asSent = section.open;
            section.open = filtered || (folds[section.dataset.section] ?? section.dataset.asSent === "true");
            section.querySelector("[data-section-count]").textContent =
                count < bodies.length ? count + " of " + markets(bodies.length) : markets(count);
            if (isCopy) continue;
            found += count;
            all += bodies.length;
        }
        const nothing = found === 0 && filtered;
        shown.textContent = (filtered ? found + " of " : "") + markets(all) +
            (nothing ? ": none fits the " + (parts.length && group.value ? "search and the group" : parts.length ? "search" : "group") : "");
    }

    /* A popular market stands on the page twice. */
    function keyOf(body) {
        return body.closest("[data-section]").dataset.section + "|" + body.dataset.market;
    }

    function marketsOf(root) {
        return new Set(Array.from(root.querySelectorAll("tbody[data-market]"), (body) => body.dataset.market));
    }

    function keys(root) {
        return Array.from(root.querySelectorAll("tbody[data-market]"), keyOf);
    }

    function patchCells(oldRoot, newRoot) {
        const fresh = new Map();
        for (const cell of newRoot.querySelectorAll("[data-cell]")) fresh.set(cell.dataset.cell, cell);
        for (const cell of oldRoot.querySelectorAll("[data-cell]")) {
            const next = fresh.get(cell.dataset.cell);
            if (!next) continue;
            const price = (element) => element.querySelector(".desk-price")?.textContent;
            const moved = price(cell) !== price(next);
            cell.className = next.className;
            if (cell.innerHTML !== next.innerHTML) cell.replaceChildren(...next.childNodes);
            if (moved) {
                cell.classList.add("desk-changed");
                cell.addEventListener("animationend", () => cell.classList.remove("desk-changed"), { once: true });
            }
        }
    }

    let waiting = null; // the newest answer whose rows differ from those on the page

    function take(newRoot) {
        const old = new Map();
        for (const body of odds.querySelectorAll("tbody[data-market]")) old.set(keyOf(body), body);
        for (const body of newRoot.querySelectorAll("tbody[data-market]")) {
            const here = old.get(keyOf(body));
            if (here && here.rows.length === body.rows.length) patchCells(here, body);
        }
        patchCells(odds.querySelector("thead"), newRoot.querySelector("thead"));
        const before = keys(odds), after = keys(newRoot);
        const rows = (root) => root.querySelectorAll("tr").length;
        if (before.join("\n") === after.join("\n") && rows(odds) === rows(newRoot)) {
            waiting = null;
            reload.hidden = true;
            return;
        }
        // Markets came or went: adding rows would move what is under the cursor, so the person decides.
        waiting = newRoot;
        const known = marketsOf(odds);
        const came = Array.from(marketsOf(newRoot)).filter((market) => !known.has(market)).length;
        reload.querySelector("[data-market-reload-words]").textContent =
            came ? came + " more market" + (came === 1 ? "" : "s") + ": show" : "The list of markets changed: show";
        reload.hidden = false;
    }

    reload.addEventListener("click", () => {
        if (!waiting) return;
        odds.replaceChildren(...waiting.childNodes);
        waiting = null;
        reload.hidden = true;
        choose();
    });

    let timer = null, reading = false, again = false;

    async function read() {
        if (reading) {
            again = true;
            return;
        }
        reading = true;
        try {
            const answer = await fetch(location.pathname + "?fragment=1", { credentials: "same-origin" });
            if (answer.ok && !answer.redirected) {
                const root = new DOMParser().parseFromString(await answer.text(), "text/html").body;
                take(root);
            }
        } catch (error) {
            console.warn("desk: the odds could not be read again", error); // the next notice tries again
        } finally {
            reading = false;
            if (again) {
                again = false;
                later();
            }
        }
    }

    function later() {
        clearTimeout(timer);
        timer = setTimeout(read, AGAIN_AFTER);
    }

    document.addEventListener("desk:odds_update", (event) => {
        if ((event.detail.eventIds || []).map(String).includes(odds.dataset.event)) later();
    });
    document.addEventListener("desk:scrape_progress", (event) => {
        if (event.detail.kind === "event" && ["completed", "partial", "failed"].includes(event.detail.status)) later();
    });
    search.addEventListener("input", choose);
    group.addEventListener("change", choose);
    choose();
})();
