"use strict";
/* What was decided and has no answer yet. Nobody leaves the page over it unwarned. */
window.focusSaving = function (settled) {
    const open = new Map(); // id → decisions about it on their way
    let failed = 0; // decisions that were not saved, in this sitting

    function begin(ids) {
        for (const id of ids) open.set(id, (open.get(id) || 0) + 1);
    }

    function end(ids) {
        for (const id of ids) {
            if (open.get(id) > 1) open.set(id, open.get(id) - 1);
            else open.delete(id);
        }
    }

    /* A link of the page waits for it, and is not followed where something was not saved: that is to be seen here. */
    async function leave(link, event, say) {
        if (!open.size || event.ctrlKey || event.metaKey || event.shiftKey || link.target === "_blank") return;
        event.preventDefault();
        say("Saving first, then the page opens…");
        const before = failed;
        while (open.size) await settled();
        if (failed === before) location.href = link.href;
    }

    addEventListener("beforeunload", (event) => {
        if (open.size) event.preventDefault();
    });

    return { begin, end, leave, notSaved: () => { failed += 1; }, failures: () => failed, has: (id) => open.has(id), count: () => open.size };
};
