"use strict";
/* What was decided and has no answer yet. Nobody leaves the page over it unwarned. */
window.focusSaving = function (settled) {
    const open = new Map(); // id → decisions about it on their way

    function begin(ids) {
        for (const id of ids) open.set(id, (open.get(id) || 0) + 1);
    }

    function end(ids) {
        for (const id of ids) {
            if (open.get(id) > 1) open.set(id, open.get(id) - 1);
            else open.delete(id);
        }
    }

    /* A link of the page waits for it. */
    async function follow(href) {
        while (open.size) await settled();
        location.href = href;
    }

    addEventListener("beforeunload", (event) => {
        if (open.size) event.preventDefault();
    });

    return { begin, end, follow, has: (id) => open.has(id), count: () => open.size };
};
