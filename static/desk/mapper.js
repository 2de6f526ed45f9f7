"use strict";
/* The map dialog and the mapping editor: rows are moved here, what it would change is asked for while
   one types. Every button works without this file, as a round trip. */
document.addEventListener("DOMContentLoaded", () => {
    const WAIT = 350;

    function debounced(run, wait) {
        let timer = null;
        return (...given) => {
            clearTimeout(timer);
            timer = setTimeout(() => run(...given), wait);
        };
    }

    async function answer(url, options) {
        const got = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" }, ...options });
        if (!(got.headers.get("content-type") || "").includes("json")) throw new Error(got.redirected || got.status === 403 ? "You are signed out, or may not do this. What you typed is kept in this tab: save, sign in, and it is back." : "The desk answered " + got.status + ".");
        return { ok: got.ok, data: await got.json() };
    }

    // --- Search --------------------------------------------------------------------------------

    const finder = document.querySelector("[data-market-search]");
    if (finder) {
        const box = finder.elements.q, found = document.querySelector("[data-market-found]"), state = finder.querySelector("[data-search-state]");
        const suggested = [...document.querySelectorAll("[data-suggested]")];
        let answered = box.defaultValue.trim(), running = null; // the question that the list answers; the search under way

        /* Whether the list answers what is typed: asked for now, unless it does already. */
        function search() {
            const question = box.value.trim();
            if (running && running.question === question) return running.done;
            if (running) running.controller.abort();
            running = null;
            if (answered === question) return Promise.resolve(true);
            const mine = (running = { question, controller: new AbortController() });
            found.setAttribute("aria-busy", "true");
            mine.done = fill(mine);
            return mine.done;
        }

        async function fill(mine) {
            try {
                const { data } = await answer(finder.dataset.searchUrl + "?" + new URLSearchParams(new FormData(finder)), { signal: mine.controller.signal });
                if (running !== mine) return false;
                found.innerHTML = data.html; // a template of ours, escaped there
                state.textContent = data.count + (data.count === 1 ? " market fits." : " markets fit.");
                answered = mine.question;
                return true;
            } catch (error) {
                if (error.name !== "AbortError") state.textContent = error.message;
                return false;
            } finally {
                if (running === mine) {
                    running = null;
                    found.removeAttribute("aria-busy");
                }
            }
        }

        /* Enter takes the first that fits what is typed, never one of a list of before. */
        async function takeFirst() {
            const question = box.value.trim();
            if (!question) {
                state.textContent = "Type a few letters first.";
                return;
            }
            if (answered !== question) state.textContent = "Searching…";
            if (!await search() || box.value.trim() !== question) return;
            const first = found.querySelector("[data-found]");
            if (first) first.click();
        }

        box.addEventListener("input", debounced(search, 120));
        box.focus();
        if (box.value.trim() !== answered) search(); // the browser may have kept what was typed
        finder.addEventListener("submit", (event) => {
            if (document.activeElement !== box) return;
            event.preventDefault();
            takeFirst();
        });
        finder.addEventListener("keydown", (event) => {
            if (event.key === "Escape" && event.target === box && !box.value) box.blur();
        });
        document.addEventListener("keydown", (event) => {
            const digit = /^Digit([1-5])$/.exec(event.code);
            if (event.altKey && !event.ctrlKey && !event.metaKey && digit && suggested[digit[1] - 1]) {
                event.preventDefault();
                suggested[digit[1] - 1].click();
                return;
            }
            if (event.altKey || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
            // Suggestions, the box and what was found are one list, from top to bottom.
            const list = [...suggested, box, ...found.querySelectorAll("[data-found]")], at = list.indexOf(document.activeElement);
            const next = at < 0 ? null : list[at + (event.key === "ArrowDown" ? 1 : -1)];
            if (!next) return;
            event.preventDefault();
            next.focus();
        });
    }

    // --- The form ------------------------------------------------------------------------------

    const form = document.querySelector("[data-mapper]");
    if (!form) return;
    const box = document.querySelector(".mapper-preview"), shown = document.querySelector("[data-preview]"), state = document.querySelector("[data-preview-state]");
    const body = () => form.querySelector("[data-outcomes] tbody");
    const save = form.querySelector("[data-save]");
    let asking = null, isSaving = false;

    async function preview() {
        if (asking) asking.abort();
        const mine = (asking = new AbortController());
        box.setAttribute("aria-busy", "true");
        try {
            const { ok, data } = await answer(form.dataset.previewUrl, { method: "POST", body: new FormData(form), signal: mine.signal });
            if (ok) {
                shown.innerHTML = data.html; // a template of ours, escaped there
                state.textContent = "";
                const why = form.querySelector("[data-reason-why]");
                if (why) why.textContent = data.needsReason ? "needed here" : "kept in the log";
            } else state.textContent = data.detail;
        } catch (error) {
            if (error.name !== "AbortError") state.textContent = error.message;
        } finally {
            if (asking === mine) box.removeAttribute("aria-busy");
        }
    }
    const soon = debounced(preview, WAIT);
    const changed = () => form.dispatchEvent(new Event("input")); // as if typed: previewed, and kept as a draft

    /* Names, buttons and what they are called carry the place of their row. */
    function renumber() {
        const rows = [...body().rows];
        rows.forEach((row, place) => {
            for (const field of row.querySelectorAll("[name^='outcome_mapping:']")) field.name = field.name.replace(/^outcome_mapping:\d+/, "outcome_mapping:" + place);
            for (const button of row.querySelectorAll("[data-row-do]")) button.value = button.dataset.rowDo + ":" + place;
            for (const named of row.querySelectorAll("[aria-label]")) named.setAttribute("aria-label", named.getAttribute("aria-label").replace(/outcome \d+/, "outcome " + (place + 1)));
            row.querySelector("[data-row-do='up']").disabled = place === 0;
            row.querySelector("[data-row-do='down']").disabled = place === rows.length - 1;
        });
    }

    function move(row, by) {
        const other = by < 0 ? row.previousElementSibling : row.nextElementSibling;
        if (!other) return;
        const held = document.activeElement;
        row.parentElement.insertBefore(by < 0 ? row : other, by < 0 ? other : row);
        renumber();
        if (held && row.contains(held)) (held.disabled ? row.querySelector("[data-row-do]:not(:disabled)") : held).focus();
        changed();
    }

    function removeRow(row) {
        const near = row.nextElementSibling || row.previousElementSibling;
        row.remove();
        if (body()) renumber();
        const next = near && near.querySelector("[data-row-do='remove']");
        if (next) next.focus();
        changed();
    }

    function addRow() {
        const made = form.querySelector("[data-outcome-template]").content.cloneNode(true);
        body().append(made);
        renumber();
        body().lastElementChild.querySelector("input.desk-input").focus();
    }

    form.addEventListener("click", (event) => {
        const button = event.target instanceof Element && event.target.closest("[data-row-do], [data-reason]");
        if (!button) return;
        if (button.dataset.reason) {
            event.preventDefault();
            form.elements.reason.value = button.dataset.reason;
            save.focus();
            return;
        }
        const row = button.closest("tr"), what = button.dataset.rowDo;
        if (button.closest("[data-rows]")) return; // keys go through the server: their places are names
        event.preventDefault();
        if (what === "up") move(row, -1);
        else if (what === "down") move(row, 1);
        else if (what === "remove") removeRow(row);
        else if (what === "add") addRow();
    });

    form.addEventListener("keydown", (event) => {
        const row = event.target instanceof Element && event.target.closest("[data-outcome]");
        if (row && event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
            event.preventDefault();
            move(row, event.key === "ArrowUp" ? -1 : 1);
        } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.tagName === "INPUT") {
            event.preventDefault(); // Enter in a field is no decision
            preview();
        }
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
            event.preventDefault();
            save.click();
        }
    });
    form.addEventListener("submit", (event) => {
        if (event.submitter && event.submitter !== save) return;
        if (isSaving) event.preventDefault();
        isSaving = true;
    });
    addEventListener("pageshow", () => { isSaving = false; });
    form.addEventListener("input", (event) => {
        if (event.target.name !== "reason" && event.target.name !== "apply") soon();
    });
    if (!box.querySelector(".mapper-verdict")) preview();
});
