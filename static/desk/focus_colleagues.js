"use strict";
/* What somebody else does to the list meanwhile. It never moves the market that is being looked at.
   hear(id, actor, hint): of each row; hint: in words what was no decision, undefined for one. */
window.focusColleagues = function (root, hear) {
    const HINTS = { claim: " has claimed this market.", release: " has given this market back.", note: " has made a note about this market." };

    document.addEventListener("desk:unmapped_changed", (event) => {
        const { ids = [], actor, kind } = event.detail;
        if (actor === root.closest("[data-desk-user]").dataset.deskUser) return;
        for (const id of ids) hear(id, actor, HINTS[kind]);
    });
};
