"use strict";
/* Focus mode: decides, fetches ahead, goes on. A decision shows the next market at once and is sent
   behind it, one after the other; what the server refuses comes back on top with the reason. */
document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("focus");
    if (!root) return;
    const AHEAD = 3, UNDO_SHOWN = 10000;
    const urls = root.dataset, view = window.focusView;
    const bar = document.querySelector("[data-focus-bar]");
    const part = (name) => document.querySelector("[" + name + "]");
    const buttons = (name) => [...document.querySelectorAll('[data-do="' + name + '"]')];

    let ids = [], at = 0, total = 0, decided = 0, chosen = 0;
    const items = new Map(), fetching = new Map(), done = new Set();
    const tab = new URLSearchParams(urls.query).get("tab");
    const kept = new Set(); // shown wherever they lie: what the address names, and what an undo brought back
    const sittingBegan = Date.now();

    // --- Talking to the server ----------------------------------------------------------------

    const { ask, post } = window.focusAsk(root);

    function fetchItems(wanted) {
        const missing = wanted.filter((id) => id !== undefined && !items.has(id) && !fetching.has(id));
        if (missing.length) {
            const request = ask(urls.itemsUrl + "?ids=" + missing.join(","))
                .then(({ data }) => {
                    for (const item of data.items || []) items.set(item.id, item);
                    for (const id of missing) if (!items.has(id)) items.set(id, null); // gone
                })
                .finally(() => missing.forEach((id) => fetching.delete(id)));
            missing.forEach((id) => fetching.set(id, request));
        }
        return Promise.all(wanted.map((id) => fetching.get(id)).filter(Boolean));
    }

    // --- Showing -------------------------------------------------------------------------------

    const current = () => items.get(ids[at]);

    function say(words, tone = "", ...more) {
        const said = part("data-said");
        said.replaceChildren(words, ...more.flatMap((one) => [" ", one]));
        said.dataset.tone = tone;
    }

    function progress() {
        const left = ids.length - done.size;
        const perItem = decided ? (Date.now() - sittingBegan) / decided : 0;
        const minutes = decided >= 3 ? Math.max(1, Math.round((perItem * left) / 60000)) : 0;
        const more = total > ids.length ? ", " + (total - ids.length).toLocaleString("en-GB") + " more after these" : "";
        part("data-progress").textContent = done.size + " of " + ids.length + more + (minutes && left ? ", " + minutes + " min left" : "");
        const meter = part("data-bar");
        meter.max = Math.max(1, ids.length);
        meter.value = done.size;
    }

    async function show(focus = true) {
        closeMenus();
        progress();
        while (at < ids.length && done.has(ids[at])) at += 1;
        if (at >= ids.length) {
            const open = ids.findIndex((id) => !done.has(id));
            if (open < 0) return finished();
            at = open;
        }
        const id = ids[at];
        if (!items.has(id)) {
            part("data-item").setAttribute("aria-busy", "true");
            try {
                await fetchItems([id]);
            } catch (error) {
                say(error.message, "bad");
                return;
            } finally {
                part("data-item").removeAttribute("aria-busy");
            }
            if (ids[at] !== id) return;
        }
        if (!items.get(id) || isElsewhere(items.get(id))) {
            done.add(id); // gone, or decided by a colleague since the list was read
            return show(focus);
        }
        chosen = preselected(items.get(id));
        draw(focus);
        const next = ids.slice(at + 1).filter((other) => !done.has(other)).slice(0, AHEAD);
        fetchItems(next).catch((error) => console.warn("desk: not fetched ahead", error));
    }

    function isElsewhere(item) {
        return !kept.has(item.id) && (tab === "MINE" ? !item.isMine : item.tab !== tab);
    }

    /* The best suggestion is chosen before anybody asks, unless it is a weak one: that takes a look first. */
    function preselected(item) {
        if (isReview(item)) return -1; // it is mapped; the question is whether that is right
        return item.candidates.length && item.candidates[0].band !== "weak" ? 0 : -1;
    }

    const isReview = (item) => item.tab === "REVIEW";

    function draw(focus) {
        const item = current();
        const review = isReview(item);
        for (const button of buttons("accept")) button.hidden = review;
        for (const button of buttons("close-review")) button.hidden = !review;
        part("data-item").replaceChildren(...view.draw(item, { chosen }, { choose, pair }));
        bar.hidden = false;
        const isChosen = Boolean(item.candidates[chosen]);
        for (const button of [...buttons("accept"), ...buttons("reject")]) {
            button.disabled = !isChosen;
            button.title = isChosen ? "" : item.candidates.length ? "Choose a suggestion first: 1 to " + item.candidates.length : "Nothing is suggested";
        }
        for (const link of buttons("by-hand")) link.href = urls.mapUrl + "?ids=" + item.id + "&next=" + encodeURIComponent(location.pathname + location.search);
        for (const link of buttons("history")) link.href = item.pageUrl;
        const mine = part("data-claim-word");
        if (mine) mine.textContent = item.isMine ? "Give back" : "Claim";
        const siblings = part("data-siblings");
        siblings.hidden = !item.siblings.length || !urls.mayDecide;
        siblings.querySelector("[data-with-siblings]").checked = false;
        siblings.querySelector("[data-sibling-count]").textContent = item.siblings.length === 1 ? "one sibling" : item.siblings.length + " siblings";
        siblings.title = item.siblings.map((sibling) => sibling.name).join("\n");
        const address = new URL(location.href);
        address.searchParams.set("id", item.id);
        history.replaceState(null, "", address);
        document.title = (item.name || item.key) + " | Focus";
        if (focus) part("data-item").querySelector(".focus-name").focus({ preventScroll: true });
        scrollTo({ top: 0 });
    }

    function finished() {
        bar.hidden = true;
        const minutes = Math.floor((Date.now() - sittingBegan) / 60000), seconds = Math.round(((Date.now() - sittingBegan) % 60000) / 1000);
        const back = view.make("a", "desk-button desk-primary", "Back to the queue");
        back.href = document.querySelector('.focus-top a[data-key="u"]').href;
        const words = decided ? "Done" : "Nothing waits here";
        const detail = decided ? decided + " decided in " + (minutes ? minutes + " min " : "") + seconds + " s. Each can be undone with z, or all at once under Decisions." : "No market fits this filter any more.";
        part("data-item").replaceChildren(view.empty(words, detail, [back]));
        progress();
    }

    function choose(index, byKey) {
        if (!current() || !current().candidates[index]) return;
        chosen = index;
        // A number accepts what is likely; what is weak is only shown, and y accepts it.
        if (byKey && urls.mayDecide && !isReview(current()) && current().candidates[index].band !== "weak") accept();
        else draw(false);
    }

    function pair(index, text) {
        current().candidates[chosen].pairing[index].text = text;
        current().candidates[chosen].pairing[index].flag = "";
    }

    // --- Deciding ------------------------------------------------------------------------------

    function siblingsToo(item) {
        return part("data-with-siblings").checked ? item.siblings.map(({ id, version }) => ({ id, version })) : [];
    }

    function accept(reason = "", item = current(), candidate = item && item.candidates[chosen], also = item ? siblingsToo(item) : []) {
        if (!item || !candidate) return;
        const outcomeTexts = {};
        for (const pairing of candidate.pairing) if (pairing.text) outcomeTexts[pairing.canonicalId] = pairing.text;
        decide(item, { decision: "map", betpawaId: candidate.betpawaId, canonicalId: candidate.canonicalId, outcomeTexts, reason, also }, { item, candidate, also });
    }

    /* Send one decision and show the next market meanwhile. */
    async function decide(item, body, again) {
        const place = at;
        const taken = [item.id, ...(body.also || []).map((sibling) => sibling.id)];
        taken.forEach((id) => done.add(id));
        decided += taken.length;
        show();
        const back = (words) => {
            taken.forEach((id) => done.delete(id));
            decided -= taken.length;
            at = Math.max(0, ids.indexOf(item.id));
            if (at < 0) at = place;
            show();
            if (words) say(words, "bad");
        };
        try {
            const { ok, data } = await post(urls.decideUrl, { ...body, id: item.id, version: item.version });
            if (ok) {
                say(data.words);
                offerUndo();
                const left = new Set((data.left || []).map((one) => one.id));
                for (const id of left) done.delete(id);
                decided -= left.size;
                progress();
            } else if (data.problem === "reason_required") {
                back("");
                askReason(data, (reason) => accept(reason, again.item, again.candidate, again.also));
            } else if (data.problem === "stale") {
                // A colleague was first, and that stands. Nothing comes back under fingers that are further on:
                // what is still open has its turn again.
                for (const id of taken) {
                    items.delete(id);
                    done.delete(id);
                }
                decided -= taken.length;
                if (bar.hidden) show();
                else progress();
                say((item.name || item.key) + ": " + data.detail, "bad");
            } else {
                items.delete(item.id); // what is shown again is what is true now
                back(data.detail || (data.messages || []).join(" ") || "It was not accepted.");
            }
        } catch (error) {
            back(error.isOpen ? error.message : error.message + " Nothing was saved.");
        }
    }

    function simple(decision, extra = {}) {
        const item = current();
        if (item) decide(item, { decision, also: siblingsToo(item), ...extra });
    }

    async function inPlace(body, words) {
        const item = current();
        if (!item) return;
        try {
            const { ok, data } = await post(urls.decideUrl, { ...body, id: item.id, version: item.version });
            say(ok ? data.words || words : data.detail || "It was not accepted.", ok ? "" : "bad");
            if (ok) offerUndo();
            items.delete(item.id);
            if (ids[at] === item.id) show(false);
        } catch (error) {
            say(error.message, "bad");
        }
    }

    let undoTimer = null, older = null; // what the key takes instead of a last decision that is refused

    function undoIs(instead) {
        older = instead;
        part("data-undo-word").textContent = older ? "Undo the one before" : "Undo";
    }

    function offerUndo() {
        undoIs(null);
        for (const button of buttons("undo")) {
            button.disabled = false;
            button.classList.add("desk-primary");
            clearTimeout(undoTimer);
            undoTimer = setTimeout(() => button.classList.remove("desk-primary"), UNDO_SHOWN);
        }
    }

    async function undo() {
        try {
            const { ok, data } = await post(urls.undoUrl, older ? { batchId: older.id } : {});
            if (!ok) return notUndone(data);
            undoIs(null);
            say(data.words);
            const back = (data.ids || []).filter((id) => ids.includes(id) || data.ids.length < 50);
            for (const id of back) {
                items.delete(id);
                kept.add(id);
                if (done.delete(id)) decided = Math.max(0, decided - 1);
                if (!ids.includes(id)) ids.splice(at, 0, id);
            }
            if (back.length) at = ids.indexOf(back[0]);
            show();
        } catch (error) {
            say(error.message, "bad");
        }
    }

    /* Somebody stands in its way, and will the next time: the key takes the one before it then. */
    function notUndone(data) {
        const more = [];
        if (data.batchUrl) {
            const link = view.make("a", "", "Look at it");
            link.href = data.batchUrl;
            more.push(link);
        }
        undoIs(data.older || null);
        if (older) more.push("z undoes the one before it: " + older.words + ".");
        say(data.detail || "There is nothing to undo.", "bad", ...more);
    }

    // --- Menus and dialogs -----------------------------------------------------------------------

    function closeMenus() {
        for (const menu of document.querySelectorAll("[data-menu]")) menu.hidden = true;
    }

    function openMenu(name) {
        closeMenus();
        if (!current()) return;
        const menu = document.querySelector('[data-menu="' + name + '"]');
        menu.hidden = false;
        menu.querySelector("button").focus();
    }

    let sendReason = null;

    function askReason(data, then) {
        const dialog = part("data-reason-dialog");
        part("data-impact-words").textContent = view.impactWords(data.impact || {});
        part("data-conflict-list").replaceChildren(...(data.conflicts || []).map((conflict) => view.make("li", conflict.severity === "error" ? "desk-error" : "", conflict.text)));
        part("data-own-reason").value = "";
        sendReason = then;
        dialog.showModal();
    }

    function giveReason(reason) {
        if (!reason.trim()) return;
        part("data-reason-dialog").close();
        sendReason(reason.trim());
    }

    async function preview() {
        const item = current(), candidate = item && item.candidates[chosen];
        if (!candidate) return say("Nothing is chosen, so nothing would change.");
        const outcomeTexts = {};
        for (const pairing of candidate.pairing) if (pairing.text) outcomeTexts[pairing.canonicalId] = pairing.text;
        try {
            const { ok, data } = await post(urls.previewUrl, { id: item.id, betpawaId: candidate.betpawaId, canonicalId: candidate.canonicalId, outcomeTexts });
            if (!ok) return say(data.detail || (data.messages || []).join(" "), "bad");
            part("data-preview-body").replaceChildren(...view.preview(data));
            part("data-preview-dialog").showModal();
        } catch (error) {
            say(error.message, "bad");
        }
    }

    document.addEventListener("click", (event) => {
        const button = event.target instanceof Element && event.target.closest("[data-do], [data-until], [data-menu-close], [data-reason], [data-reason-send], [data-reason-cancel], [data-preview-close]");
        if (!button) return;
        if (button.dataset.until) {
            const decision = button.closest("[data-menu]").dataset.menu;
            closeMenus();
            simple(decision, { until: button.dataset.until });
        } else if ("menuClose" in button.dataset) closeMenus();
        else if (button.dataset.reason) giveReason(button.dataset.reason);
        else if ("reasonSend" in button.dataset) giveReason(part("data-own-reason").value);
        else if ("reasonCancel" in button.dataset) part("data-reason-dialog").close();
        else if ("previewClose" in button.dataset) part("data-preview-dialog").close();
        else if (actions[button.dataset.do]) actions[button.dataset.do]();
    });

    const actions = {
        next: () => { at = Math.min(ids.length - 1, at + 1); while (at < ids.length - 1 && done.has(ids[at])) at += 1; show(); },
        previous: () => { let to = at - 1; while (to > 0 && done.has(ids[to])) to -= 1; if (to >= 0 && !done.has(ids[to])) { at = to; show(); } },
        accept: () => accept(),
        "close-review": () => simple("close_review"),
        acknowledge: () => simple("acknowledge"),
        "ignore-menu": () => openMenu("ignore"),
        "snooze-menu": () => openMenu("snooze"),
        claim: () => inPlace({ decision: current() && current().isMine ? "release" : "claim" }, ""),
        reject: () => { const item = current(), candidate = item && item.candidates[chosen]; if (candidate) inPlace({ decision: "reject", betpawaId: candidate.betpawaId }, ""); },
        acts: () => { const first = bar.querySelector("button:not(:disabled):not([hidden])"); if (first) first.focus(); },
        preview,
        undo,
    };

    // --- Colleagues --------------------------------------------------------------------------------

    const HINTS = { claim: " has claimed this market.", release: " has given this market back.", note: " has made a note about this market." }; // no decisions

    /* What somebody else decided is read again, and never moves the market that is being looked at. */
    document.addEventListener("desk:unmapped_changed", (event) => {
        const { ids: changed = [], actor, kind } = event.detail;
        const me = root.closest("[data-desk-user]").dataset.deskUser;
        if (actor === me) return;
        for (const id of changed) {
            if (id !== ids[at] || !items.has(id)) items.delete(id);
            else if (HINTS[kind]) say(actor + HINTS[kind]);
            else say(actor + " has just decided about this market; what you decide now is checked against that.", "bad");
        }
    });

    // --- Start -----------------------------------------------------------------------------------

    async function start() {
        try {
            const { data } = await ask(urls.idsUrl + (urls.query ? "?" + urls.query : ""));
            ids = data.ids;
            total = data.total;
            const from = Number(urls.start);
            if (from && !ids.includes(from)) {
                ids.unshift(from);
                kept.add(from);
            }
            at = Math.max(0, ids.indexOf(from));
            for (const button of buttons("undo")) button.disabled = !data.canUndo;
            await show(false);
            if (urls.show === "impact") preview();
        } catch (error) {
            say(error.message, "bad");
        }
    }

    start();
});
