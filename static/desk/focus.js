"use strict";
/* Focus mode: decides, fetches ahead, goes on. Whether a suggestion can be accepted is asked before the key is
   pressed, so a decision shows the next market at once and is sent behind it, one after the other. What the
   server refuses all the same has its turn again: nothing comes back under fingers that are further on. */
document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("focus");
    if (!root) return;
    const AHEAD = 3;
    const DOING = { map: "Mapping", acknowledge: "Acknowledging", ignore: "Ignoring", snooze: "Snoozing", close_review: "Closing the review of" };
    const urls = root.dataset, view = window.focusView, pace = window.focusPace();
    const { make, waiting } = window.focusParts, { isReview, preselected, nothingChosen } = window.focusChoice;
    const bar = window.focusBar(urls);
    const part = (name) => document.querySelector("[" + name + "]");
    let ids = [], at = 0, total = 0, decided = 0, chosen = 0, drawn = null;
    const { busy, came, cameBack, tooEarly } = window.focusHearing();
    const items = new Map(), fetching = new Map(), done = new Set();
    const tab = new URLSearchParams(urls.query).get("tab");
    const again = new Map(); // id → why it was not saved, said on its card
    const kept = new Set(); // shown wherever they lie: what an undo brought back
    const sittingBegan = Date.now();

    // --- Talking to the server ----------------------------------------------------------------

    const { ask, look, post, settled } = window.focusAsk(root);
    const saving = window.focusSaving(settled);
    const dialogs = window.focusDialogs();
    const { texts, preview, check, forget } = window.focusChecks(look, urls.previewUrl, (item) => {
        if (current() === item) part("data-item").querySelectorAll("[data-check]").forEach((line) => line.replaceChildren(...view.checked(item, state())));
    });
    const { offer, undo } = window.focusUndo(post, urls.undoUrl, { say, busy, undone, settled, failures: saving.failures });

    function checkAhead(item, index) {
        const candidate = urls.mayDecide && item && item.candidates[index];
        if (candidate) check(item, candidate).catch((error) => console.warn("desk: not checked ahead", error));
    }

    function fetchItems(wanted) {
        const missing = wanted.filter((id) => id !== undefined && !items.has(id) && !fetching.has(id));
        if (missing.length) {
            const request = ask(urls.itemsUrl + "?ids=" + missing.join(","))
                .then(({ data }) => {
                    for (const item of data.items || []) {
                        items.set(item.id, item);
                        item.comesAgain = again.get(item.id) || "";
                    }
                    for (const id of missing) if (!items.has(id)) items.set(id, null); // gone
                })
                .finally(() => missing.forEach((id) => fetching.delete(id)));
            missing.forEach((id) => fetching.set(id, request));
        }
        return Promise.all(wanted.map((id) => fetching.get(id)).filter(Boolean));
    }

    // --- Showing -------------------------------------------------------------------------------

    const current = () => items.get(ids[at]);
    const state = () => ({ chosen, mayDecide: Boolean(urls.mayDecide), accepts: (candidate) => Boolean(urls.mayDecide) && candidate.band !== "weak" && !isReview(current()) });
    let saidAbout = null; // the market that the words on top are about; they leave with it

    function say(words, tone = "", more = [], about = null) {
        const said = part("data-said");
        said.replaceChildren(words, ...more.flatMap((one) => [" ", one]));
        said.dataset.tone = tone;
        saidAbout = about;
    }

    const sayHere = (words, tone = "bad") => say(words, tone, [], ids[at]);

    function progress() {
        const left = ids.filter((id) => !done.has(id)).length;
        const more = total > ids.length ? ", " + (total - ids.length).toLocaleString("en-GB") + " more after these" : "";
        const time = pace.left(left);
        const saved = ids.filter((id) => done.has(id) && !saving.has(id)).length; // siblings may lie outside the list
        part("data-progress").textContent = saved + " of " + ids.length + more + (time ? ", " + time : "");
        part("data-saving").textContent = saving.count() ? saving.count() + " being saved…" : "";
        const meter = part("data-bar");
        meter.max = Math.max(1, ids.length);
        meter.value = saved;
    }

    async function show(focus = true) {
        dialogs.closeMenus();
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
        const item = items.get(id);
        if (!item || isElsewhere(item)) {
            done.add(id); // gone, or decided by a colleague since the list was read
            return show(focus);
        }
        chosen = preselected(item);
        draw(focus);
        const next = ids.slice(at + 1).filter((other) => !done.has(other)).slice(0, AHEAD);
        checkAhead(item, chosen);
        fetchItems(next)
            .then(() => next.forEach((other) => items.get(other) && checkAhead(items.get(other), preselected(items.get(other)))))
            .catch((error) => console.warn("desk: not fetched ahead", error));
    }

    function isElsewhere(item) {
        return !kept.has(item.id) && (tab === "MINE" ? !item.isMine : item.tab !== tab);
    }

    function draw(focus) {
        const item = current();
        const isNew = drawn !== item.id;
        const hadFocus = part("data-item").contains(document.activeElement);
        part("data-item").replaceChildren(...view.draw(item, state(), { choose, pair }));
        const address = new URL(location.href);
        address.searchParams.set("id", item.id);
        address.searchParams.delete("then");
        history.replaceState(null, "", address);
        bar.show(item, isNew, item.candidates[chosen] ? "" : nothingChosen(item), ids.slice(at + 1).find((id) => !done.has(id)));
        document.title = (item.name || item.key) + " | Focus";
        if (saidAbout !== null && saidAbout !== item.id) say("");
        drawn = item.id;
        if (isNew) came();
        const heard = hadFocus && !isNew && part("data-item").querySelector(".focus-candidate[aria-pressed=true]");
        if (focus || hadFocus) (heard || part("data-item").querySelector(".focus-name")).focus({ preventScroll: true });
        if (isNew) scrollTo({ top: 0 });
    }

    function finished() {
        bar.hide();
        drawn = null;
        part("data-item").replaceChildren(view.finished(decided, Date.now() - sittingBegan, document.querySelector('.focus-top a[data-key="u"]').href));
        progress();
    }

    function choose(index, byKey) {
        if (!current() || !current().candidates[index]) return;
        if (byKey && isNotHeard()) return;
        if (saidAbout === ids[at]) say(""); // what was missing
        chosen = isReview(current()) && chosen === index ? -1 : index; // chosen twice: the mapping is right after all
        draw(false);
        // A number accepts what is likely; what is weak is only shown, and y accepts it.
        if (byKey && state().accepts(current().candidates[index])) accept();
        else checkAhead(current(), chosen);
    }

    function pair(index, text) {
        const candidate = current().candidates[chosen], pair = candidate.pairing[index];
        Object.assign(pair, { original: pair.original ?? pair.text, text, flagged: null });
        view.reprice(current(), candidate);
        forget(candidate);
        checkAhead(current(), chosen);
    }

    // --- Deciding ------------------------------------------------------------------------------

    /* Whether a key comes too early to be about what is on the page; says so. */
    function isNotHeard() {
        const why = tooEarly(drawn !== ids[at]);
        if (why) say(why + ": that key was not taken. Look, and press it again.", "bad");
        return Boolean(why);
    }

    async function accept() {
        const item = current(), candidate = item.candidates[chosen];
        if (!candidate) return sayHere(nothingChosen(item));
        const also = bar.siblingsToo(item);
        if (!candidate.check) {
            busy.add("Still checking it");
            sayHere("Checking what accepting it would change…", "");
            try {
                while (!candidate.check) await check(item, candidate);
            } catch (error) {
                return sayHere(error.message);
            } finally {
                busy.delete("Still checking it");
            }
            if (current() !== item || item.candidates[chosen] !== candidate) return;
            say("");
        }
        if (!candidate.check.canSave) return sayHere("It cannot be accepted as it is. Map it by hand with m, or decide otherwise.");
        if (candidate.check.needsReason) dialogs.askReason(words("Map ", item, candidate), candidate.preview, (reason) => map(item, candidate, also, reason));
        else map(item, candidate, also, "");
    }

    function words(verb, item, candidate) {
        return [verb, make("bdi", "", "‹" + (item.name || item.key) + "›"), " (" + item.bookmaker + ") to ", make("bdi", "", "‹" + candidate.name + "›"), " (BetPawa)"];
    }

    function map(item, candidate, also, reason) {
        // What was mapped there may speak against others that would be mapped there, too.
        for (const other of items.values()) if (other) other.candidates.filter((one) => one.betpawaId === candidate.betpawaId).forEach(forget);
        decide(item, { decision: "map", betpawaId: candidate.betpawaId, canonicalId: candidate.canonicalId, outcomeTexts: texts(candidate), reason, also });
    }

    let latest = 0; // of decisions: an older one's answer does not cover what is said about a newer one

    /* Send one decision and show the next market meanwhile. */
    async function decide(item, body) {
        const mine = (latest += 1), name = item.name || item.key;
        const taken = [item.id, ...(body.also || []).map((sibling) => sibling.id)];
        taken.forEach((id) => done.add(id));
        saving.begin(taken);
        decided += taken.length;
        pace.decided(taken.length);
        show();
        say(DOING[body.decision] + " " + name + "…");
        let notTaken = [];
        try {
            const { ok, data } = await post(urls.decideUrl, { ...body, id: item.id, version: item.version });
            if (ok) {
                notTaken = (data.left || []).map((one) => one.id);
                again.delete(item.id);
                for (const one of data.left || []) {
                    items.delete(one.id);
                    again.set(one.id, "Not decided with " + name + ": " + one.detail);
                }
                waiting(data);
                offer();
                if (mine === latest || notTaken.length) say(data.words);
            } else {
                notTaken = taken;
                saving.notSaved();
                for (const id of taken) items.delete(id); // what is shown again is what is true now
                comesAgain(item, data);
            }
        } catch (error) {
            notTaken = taken;
            saving.notSaved();
            comeBack(item, error.isOpen ? error.message : error.message + " Nothing was saved.");
        } finally {
            saving.end(taken);
            for (const id of notTaken) done.delete(id);
            decided -= notTaken.length;
            if (notTaken.length && (bar.isHidden() || notTaken.includes(ids[at]))) show();
            else progress();
        }
    }

    /* It was refused, and stays open. Unless a colleague was first, and that stands, it is the next one. */
    function comesAgain(item, data) {
        const why = data.detail || (data.messages || []).join(" ") || (data.check || {}).why || "a reason is needed";
        const name = item.name || item.key;
        if (data.problem === "stale") return say(name + ": " + why, "bad");
        const told = data.problem === "reason_required" ? "Not mapped yet: something has changed, and it needs a reason now." : "Not saved: " + why;
        if (!ids.includes(item.id)) return say(name + ": " + told, "bad");
        const here = ids[at];
        ids.splice(ids.indexOf(item.id), 1);
        at = Math.max(0, ids.indexOf(here));
        ids.splice(ids.length ? at + 1 : 0, 0, item.id);
        again.set(item.id, told);
        say(name + ": " + told + " It comes next.", "bad");
    }

    /* The desk did not answer: nothing after it would be saved either, so the page goes back to it. */
    function comeBack(item, told) {
        at = Math.max(0, ids.indexOf(item.id));
        cameBack();
        say(told, "bad");
    }

    function simple(decision, extra = {}) {
        const item = current();
        if (item) decide(item, { decision, also: bar.siblingsToo(item), ...extra });
    }

    async function inPlace(body, words) {
        const item = current();
        if (!item) return;
        busy.add("Still saving");
        try {
            const { ok, data } = await post(urls.decideUrl, { ...body, id: item.id, version: item.version });
            say(ok ? data.words || words : data.detail || "It was not accepted.", ok ? "" : "bad");
            if (ok) {
                waiting(data);
                offer();
            }
            items.delete(item.id);
            if (ids[at] === item.id) await show(false);
        } catch (error) {
            say(error.message, "bad");
        } finally {
            busy.delete("Still saving");
        }
    }

    /* Draws the first of what has come back before any key is taken again. */
    async function undone(data) {
        latest += 1;
        waiting(data);
        const back = (data.ids || []).filter((id) => ids.includes(id) || data.ids.length < 50);
        for (const id of back) {
            items.delete(id);
            kept.add(id);
            if (done.delete(id)) decided = Math.max(0, decided - 1);
            if (!ids.includes(id)) ids.splice(at, 0, id);
        }
        for (const item of items.values()) if (item) item.candidates.forEach(forget);
        if (back.length) at = ids.indexOf(back[0]);
        await show();
    }

    // --- Buttons ---------------------------------------------------------------------------------

    async function showImpact() {
        const item = current(), candidate = item && item.candidates[chosen];
        if (!candidate) return sayHere(item && isReview(item) ? "It is mapped already: nothing would change." : "Choose a suggestion first: nothing is chosen, so nothing would change.");
        try {
            const { ok, data } = await preview(item, candidate);
            if (!ok) return sayHere(data.detail || (data.messages || []).join(" "));
            if (current() === item) dialogs.showPreview(words("What would change: map ", item, candidate), data);
        } catch (error) {
            say(error.message, "bad");
        }
    }

    document.addEventListener("click", (event) => {
        if (!(event.target instanceof Element)) return;
        const link = event.target.closest("a[href]");
        if (link) return link.dataset.do && isNotHeard() ? event.preventDefault() : saving.leave(link, event, say);
        const button = event.target.closest("[data-do], [data-until], [data-menu-close], [data-reason], [data-reason-send], [data-reason-cancel], [data-preview-close]");
        if (!button) return;
        if (button.dataset.until) {
            const decision = button.closest("[data-menu]").dataset.menu;
            dialogs.closeMenus();
            if (!isNotHeard()) simple(decision, { until: button.dataset.until });
        } else if (decisions[button.dataset.do]) {
            if (!isNotHeard()) decisions[button.dataset.do](button);
        } else if (actions[button.dataset.do]) actions[button.dataset.do]();
        else dialogs.click(button);
    });

    const decisions = {
        accept: () => accept(),
        "close-review": () => simple("close_review"),
        acknowledge: () => simple("acknowledge"),
        "ignore-menu": (button) => dialogs.openMenu("ignore", button, current()),
        "snooze-menu": (button) => dialogs.openMenu("snooze", button, current()),
        claim: () => inPlace({ decision: current().isMine ? "release" : "claim" }, ""),
        reject: () => {
            const item = current(), candidate = item.candidates[chosen];
            if (candidate) inPlace({ decision: "reject", betpawaId: candidate.betpawaId }, "");
            else sayHere(nothingChosen(item));
        },
    };
    const actions = {
        next: () => {
            const to = ids.findIndex((id, index) => index > at && !done.has(id));
            if (to < 0) return sayHere("This is the last one here.", "");
            at = to;
            show();
        },
        previous: () => { let to = at - 1; while (to > 0 && done.has(ids[to])) to -= 1; if (to >= 0 && !done.has(ids[to])) { at = to; show(); } },
        acts: bar.focus,
        preview: showImpact,
        undo,
    };

    window.focusColleagues(root, (id, actor, hint) => {
        const item = items.get(id);
        if (id !== ids[at] || !item) items.delete(id); // read again when its turn comes
        else if (hint) sayHere(actor + hint, "");
        else {
            item.decidedBy = actor;
            document.querySelectorAll(".focus-told").forEach((box) => box.replaceChildren(...view.told(item)));
            sayHere(actor + " has just decided about this market; what you decide now is checked against that.");
        }
    });

    async function start() {
        try {
            const { data } = await ask(urls.idsUrl + (urls.query ? "?" + urls.query : ""));
            ids = data.ids;
            total = data.total;
            const from = Number(urls.start), then = Number(urls.then);
            if (from && !ids.includes(from)) ids.splice(Math.max(0, ids.indexOf(then)), 0, from); // passed over when it was decided meanwhile
            at = Math.max(0, ids.indexOf(from));
            for (const button of document.querySelectorAll('[data-do="undo"]')) button.disabled = !data.canUndo;
            await show(false);
            if (urls.show === "impact") showImpact();
        } catch (error) {
            say(error.message, "bad");
        }
    }

    start();
});
