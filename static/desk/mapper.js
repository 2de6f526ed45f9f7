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
        let asking = null;
        const ask = debounced(async () => {
            if (asking) asking.abort();
            const mine = (asking = new AbortController());
            try {
                const { data } = await answer(finder.dataset.searchUrl + "?" + new URLSearchParams(new FormData(finder)), { signal: mine.signal });
                found.innerHTML = data.html; // a template of ours, escaped there
                state.textContent = data.count + (data.count === 1 ? " market fits." : " markets fit.");
            } catch (error) {
                if (error.name !== "AbortError") state.textContent = error.message;
            }
        }, 120);
        box.addEventListener("input", ask);
        finder.addEventListener("submit", (event) => {
            const first = found.querySelector("[data-found]");
            if (!first || document.activeElement !== box) return;
            event.preventDefault(); // Enter takes the first that fits
            first.click();
        });
        box.addEventListener("keydown", (event) => {
            const first = found.querySelector("[data-found]");
            if (event.key === "ArrowDown" && first) {
                event.preventDefault();
                first.focus();
            }
        });
        found.addEventListener("keydown", (event) => {
            if (!["ArrowDown", "ArrowUp"].includes(event.key)) return;
            const links = [...found.querySelectorAll("[data-found]")], at = links.indexOf(document.activeElement);
            if (at < 0) return;
            event.preventDefault();
            (links[at + (event.key === "ArrowDown" ? 1 : -1)] || box).focus();
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

    /* Names and buttons carry the place of their row. */
    function renumber() {
        const rows = [...body().rows];
        rows.forEach((row, place) => {
            for (const field of row.querySelectorAll("[name^='outcome_mapping:']")) field.name = field.name.replace(/^outcome_mapping:\d+/, "outcome_mapping:" + place);
            for (const button of row.querySelectorAll("[data-row-do]")) button.value = button.dataset.rowDo + ":" + place;
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
