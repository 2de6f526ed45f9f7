"use strict";
/* The event page: find a market, choose a group, and take in new prices without moving anything. */
(function () {
    const AGAIN_AFTER = 1500;
    const odds = document.getElementById("desk-event-odds");
    const search = document.querySelector("[data-market-search]");
    const group = document.querySelector("[data-market-group]");
    const shown = document.querySelector("[data-market-shown]");
    const reload = document.querySelector("[data-market-reload]");

    /* "o25" finds "Over/Under 2.5": every letter of the question, in order. */
    function isSubsequence(question, words) {
        let at = 0;
        for (const letter of question) {
            at = words.indexOf(letter, at);
            if (at < 0) return false;
            at += 1;
        }
        return true;
    }

    function choose() {
        const question = search.value.toLowerCase().replace(/[^a-z0-9]/g, "");
        let count = 0;
        const bodies = odds.querySelectorAll("tbody[data-market]");
        for (const body of bodies) {
            const words = body.dataset.words.toLowerCase().replace(/[^a-z0-9]/g, "");
            const inGroup = !group.value || body.dataset.groups.split(" ").includes(group.value);
            body.hidden = !(inGroup && isSubsequence(question, words));
            if (!body.hidden) count += 1;
        }
        const filtered = question || group.value;
        shown.textContent = count + (filtered ? " of " + bodies.length : "") + " markets" +
            (count === 0 && filtered ? ": none fits " + (question ? "the search" : "the group") : "");
    }

    function keys(root) {
        return Array.from(root.querySelectorAll("tbody[data-market]"), (body) => body.dataset.market);
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
        for (const body of odds.querySelectorAll("tbody[data-market]")) old.set(body.dataset.market, body);
        for (const body of newRoot.querySelectorAll("tbody[data-market]")) {
            const here = old.get(body.dataset.market);
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
        const came = after.filter((key) => !before.includes(key)).length;
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
