"use strict";
/* The queue's list: a cursor row, a selection that reaches other pages, menus, and what colleagues
   and scrapes change meanwhile. Decisions are the form's own; without this file they work by mouse.
   Nothing here moves a row: what is new is a hint, what others decided is dimmed where it stands. */
document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("queue");
    const form = document.getElementById("queue-form");
    if (!root || !form) return;
    const PLACE = "desk.queue.place";
    const DONE = {
        acknowledge: "acknowledged", ignore: "ignored", snooze: "snoozed", reopen: "reopened", map: "mapped", claim: "claimed",
        release: "given back", note: "noted", review: "review closed", undo: "undone", rule: "ignored by a rule",
    };
    const rows = [...form.querySelectorAll("tr[data-row]")];
    const one = (selector) => form.querySelector(selector);
    const box = (row) => row && row.querySelector('input[name="ids"]');
    const beyond = new Map(); // selected on other pages: id -> "id:version"
    let at = -1, anchor = -1, sent = false;

    // --- The cursor ------------------------------------------------------------------------------

    function go(index, { focus = true } = {}) {
        if (!rows.length) return;
        if (rows[at]) rows[at].classList.remove("queue-at");
        at = Math.max(0, Math.min(rows.length - 1, index));
        rows[at].classList.add("queue-at");
        if (focus) {
            rows[at].focus({ preventScroll: true });
            rows[at].scrollIntoView({ block: "nearest" });
        }
    }

    function remember() {
        sessionStorage.setItem(PLACE, JSON.stringify({ tab: root.dataset.tab, id: rows[at] ? rows[at].dataset.row : "", index: at }));
    }

    function restore() {
        let place = null;
        try {
            place = JSON.parse(sessionStorage.getItem(PLACE));
        } catch (error) {
            console.warn("desk: the place in the list is not remembered", error);
        }
        const same = place && place.tab === root.dataset.tab;
        const index = same ? rows.findIndex((row) => row.dataset.row === place.id) : -1;
        go(index >= 0 ? index : same ? place.index : 0, { focus: Boolean(same) });
    }

    // --- The selection ---------------------------------------------------------------------------

    function chosen() {
        return rows.filter((row) => box(row) && box(row).checked);
    }

    function tick(row, on) {
        if (!box(row)) return;
        box(row).checked = on;
        row.classList.toggle("queue-chosen", on);
    }

    function show() {
        const count = chosen().length + beyond.size, scope = one("[data-scope]");
        if (scope && chosen().length < rows.length) scope.checked = false; // "all" holds while each row that is seen is ticked
        const all = scope && scope.checked;
        if (one("[data-selected]")) one("[data-selected]").textContent = all ? "All" : count.toLocaleString("en-GB");
        for (const words of form.querySelectorAll("[data-menu-count]")) words.textContent = all ? "all that match" : count > 1 ? count + " markets" : "this market";
        const whole = one("[data-all]");
        if (whole) {
            whole.checked = rows.length > 0 && chosen().length === rows.length;
            whole.indeterminate = chosen().length > 0 && !whole.checked;
        }
    }

    async function selectSiblings(button) {
        const answer = await fetch(root.dataset.siblingsUrl + "?id=" + button.dataset.siblings + "&tab=" + root.dataset.tab, { credentials: "same-origin" });
        if (!answer.ok) throw new Error("The desk answered " + answer.status + ".");
        const { ids, versions } = await answer.json();
        const here = new Map(rows.map((row) => [Number(row.dataset.row), row]));
        const on = !ids.every((id) => here.has(id) ? box(here.get(id)).checked : beyond.has(id));
        for (const id of ids) {
            if (here.has(id)) tick(here.get(id), on);
            else if (on) beyond.set(id, id + ":" + versions[id]);
            else beyond.delete(id);
        }
        button.setAttribute("aria-pressed", String(on));
        show();
    }

    // --- Menus -----------------------------------------------------------------------------------

    const menus = [...form.querySelectorAll("[data-menu]")];
    let opener = null; // the button that was pressed itself; with its key one is still in the list

    function closeMenus() {
        for (const menu of menus) {
            menu.hidden = menu.disabled = true;
            delete menu.dataset.keysScope;
        }
        const decision = one("[data-menu-decision]");
        if (decision) decision.disabled = true;
    }

    function openMenu(name) {
        closeMenus();
        const menu = menus.find((candidate) => candidate.dataset.menu === name);
        menu.hidden = menu.disabled = false;
        menu.dataset.keysScope = "";
        const decision = one("[data-menu-decision]");
        decision.value = name;
        decision.disabled = false;
        show();
        menu.querySelector("button").focus();
    }

    // --- What buttons do -------------------------------------------------------------------------

    const actions = {
        next: () => go(at + 1),
        previous: () => go(at - 1),
        open: () => { if (rows[at]) { remember(); location.href = root.dataset.focusUrl + "&id=" + rows[at].dataset.row; } },
        impact: () => { if (rows[at]) { remember(); location.href = root.dataset.focusUrl + "&id=" + rows[at].dataset.row + "&show=impact"; } },
        history: () => { if (rows[at]) { remember(); location.href = rows[at].querySelector("[data-open]").href + "#history"; } },
        acts: () => { const first = form.querySelector(".queue-acts button:not(:disabled)"); if (first) first.focus(); },
        select: () => {
            if (!rows[at] || !box(rows[at])) return;
            tick(rows[at], !box(rows[at]).checked);
            anchor = at;
            show();
        },
        range: () => {
            if (!rows[at]) return;
            const from = anchor < 0 ? at : anchor;
            for (let index = Math.min(from, at); index <= Math.max(from, at); index += 1) tick(rows[index], true);
            anchor = at;
            show();
        },
    };

    form.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        const row = event.target.closest("tr[data-row]");
        if (row && !button) go(rows.indexOf(row), { focus: false });
        if (event.target.matches('input[name="ids"]')) {
            if (event.shiftKey && anchor >= 0) actions.range();
            anchor = rows.indexOf(row);
        }
        if (!button) return;
        if (button.dataset.do) actions[button.dataset.do]();
        else if (button.dataset.siblings) selectSiblings(button).catch((error) => { button.textContent = error.message; });
        else if (button.dataset.menuFor) {
            event.preventDefault();
            opener = event.isTrusted ? button : null;
            openMenu(button.dataset.menuFor);
        } else if ("menuClose" in button.dataset) {
            closeMenus();
            if (opener) opener.focus();
            else go(at);
        }
    });
    form.addEventListener("change", (event) => {
        if (event.target.matches("[data-all], [data-scope]")) for (const row of rows) tick(row, event.target.checked);
        if (event.target.matches('input[name="ids"]')) event.target.closest("tr").classList.toggle("queue-chosen", event.target.checked);
        show();
    });
    form.addEventListener("keydown", (event) => {
        // In a field of a menu, Enter sets the day that is given; it must not press another button.
        if (event.key !== "Enter" || !event.target.matches(".queue-menu input")) return;
        event.preventDefault();
        const menu = event.target.closest(".queue-menu");
        if (menu.querySelector('input[type="datetime-local"]').value) menu.querySelector('button[value="at"]').click();
    });
    form.addEventListener("submit", (event) => {
        if (sent) return event.preventDefault();
        const hidden = [...beyond.values()];
        if (!chosen().length && !hidden.length && !(one("[data-scope]") && one("[data-scope]").checked)) {
            if (!rows[at]) return event.preventDefault();
            hidden.push(box(rows[at]).value); // nothing is selected: the row under the cursor is meant
        }
        one("[data-beyond]").replaceChildren(...hidden.map((value) => {
            const input = document.createElement("input");
            input.type = "hidden";
            input.name = "ids";
            input.value = value;
            return input;
        }));
        remember();
        sent = true;
    });
    window.addEventListener("pageshow", () => { sent = false; });

    document.addEventListener("click", (event) => {
        const button = event.target instanceof Element && event.target.closest("[data-focus-search]");
        if (button) button.closest("form").querySelector("[data-search]").focus();
    });
    for (const select of document.querySelectorAll(".queue-filter select")) select.addEventListener("change", () => select.form.requestSubmit());

    if (location.hash === "#search") document.querySelector("[data-search]").focus(); // from focus mode

    // --- What others do --------------------------------------------------------------------------

    let fresh = 0;
    document.addEventListener("desk:unmapped_alert", (event) => {
        fresh += Number(event.detail.count || 0);
        const hint = root.querySelector("[data-new]");
        if (!fresh || root.dataset.tab !== "NEW") return;
        hint.hidden = false;
        hint.querySelector("[data-new-count]").textContent = fresh.toLocaleString("en-GB") + " new";
    });
    document.addEventListener("desk:unmapped_changed", (event) => {
        if (event.detail.actor === root.dataset.user) return;
        const ids = new Set((event.detail.ids || []).map(String));
        for (const row of rows.filter((candidate) => ids.has(candidate.dataset.row))) {
            let note = row.querySelector(".queue-changed");
            if (!note) {
                note = document.createElement("span");
                note.className = "desk-sub queue-changed";
                row.querySelector(".queue-market").append(note);
            }
            note.textContent = (DONE[event.detail.kind] || "decided") + " by " + event.detail.actor + " just now";
            if (!["claim", "release", "note"].includes(event.detail.kind)) row.classList.add("queue-gone");
        }
    });

    // --- Start -----------------------------------------------------------------------------------

    closeMenus();
    for (const row of chosen()) row.classList.add("queue-chosen"); // the browser may have kept ticks
    restore();
    show();
});
