"use strict";
/* Taking back, one decision after the other. on.undone(data) has drawn what comes back when it is done;
   on.say says; on.busy is the set of what keys wait for; on.failures() counts decisions that were not saved. */
window.focusUndo = function (post, url, on) {
    const SHOWN = 10000;
    const buttons = [...document.querySelectorAll('[data-do="undo"]')];
    let asked = 0, timer = null, older = null; // what the key takes instead of a last decision that is refused

    function undoIs(instead) {
        older = instead;
        document.querySelector("[data-undo-word]").textContent = older ? "Undo the one before" : "Undo";
    }

    function offer() {
        undoIs(null);
        clearTimeout(timer);
        timer = setTimeout(() => buttons.forEach((button) => button.classList.remove("desk-primary")), SHOWN);
        for (const button of buttons) {
            button.disabled = false;
            button.classList.add("desk-primary");
        }
    }

    async function undo() {
        asked += 1;
        if (asked > 1) return on.say("Undoing " + asked + " decisions, one after the other…");
        on.busy.add("Undoing");
        on.say("Undoing…");
        const before = on.failures();
        try {
            await on.settled();
            // What was to be taken back was never saved: the one before it was not meant.
            if (on.failures() !== before) return on.say("Nothing was undone: the decision before this was not saved.", "bad");
            for (; asked > 0; asked -= 1) if (!(await one())) return;
        } finally {
            asked = 0;
            on.busy.delete("Undoing");
        }
    }

    /* Whether it was undone. */
    async function one() {
        try {
            const { ok, data } = await post(url, older ? { batchId: older.id } : {});
            if (ok) {
                undoIs(null);
                await on.undone(data);
                on.say(data.words);
            } else notUndone(data);
            return ok;
        } catch (error) {
            on.say(error.message, "bad");
            return false;
        }
    }

    /* Somebody stands in its way, and will the next time: the key takes the one before it then. */
    function notUndone(data) {
        const more = [];
        if (data.batchUrl) {
            const link = window.focusParts.make("a", "", "Look at it");
            link.href = data.batchUrl;
            more.push(link);
        }
        undoIs(data.older || null);
        if (older) more.push("z undoes the one before it: " + older.words + ".");
        on.say(data.detail || "There is nothing to undo.", "bad", more);
    }

    return { offer, undo };
};
