"use strict";
/* Focus mode's bar of decisions: the same buttons in the same places, whatever market is shown. */
window.focusBar = function (urls) {
    const { counted } = window.focusParts, { isReview } = window.focusChoice;
    const bar = document.querySelector("[data-focus-bar]");
    const buttons = (name) => [...bar.querySelectorAll('[data-do="' + name + '"]')];
    const box = bar.querySelector("[data-with-siblings]");

    /* Those that would be decided too stand out where they are named. */
    function markSiblings() {
        for (const list of document.querySelectorAll("[data-siblings-list]")) list.classList.toggle("focus-too", box.checked);
    }

    box.addEventListener("change", markSiblings);

    /* isNew: another market than before. missing: why there is nothing to accept or to reject, "" where there is.
       A mapping under review is right, unless another market is chosen for it. following: the id that comes
       after this one, when it is decided elsewhere. */
    function show(item, isNew, missing, following) {
        const isRight = isReview(item) && Boolean(missing);
        for (const button of buttons("accept")) button.hidden = isRight;
        for (const button of buttons("close-review")) button.hidden = !isRight;
        for (const button of [...buttons("accept"), ...buttons("reject")]) {
            button.classList.toggle("focus-idle", Boolean(missing)); // it still hears its key, to say what is missing
            button.title = missing;
        }
        const here = new URL(location.href);
        if (following) here.searchParams.set("then", following);
        for (const link of buttons("by-hand")) link.href = urls.mapUrl + "?ids=" + item.id + "&next=" + encodeURIComponent(here.pathname + here.search);
        for (const link of buttons("history")) link.href = item.pageUrl + "#history";
        for (const word of bar.querySelectorAll("[data-claim-word]")) word.textContent = item.isMine ? "Give back" : "Claim";
        const siblings = bar.querySelector("[data-siblings]");
        siblings.hidden = !urls.mayDecide;
        siblings.title = item.siblings.map((sibling) => (sibling.name || "") + " " + sibling.key).join("\n");
        siblings.querySelector("[data-sibling-count]").textContent = item.siblings.length ? (item.hasMoreSiblings ? "first " : "") + counted(item.siblings.length, "sibling") : "no siblings";
        box.disabled = !item.siblings.length;
        if (isNew) box.checked = false;
        markSiblings();
        bar.hidden = false;
    }

    function focus() {
        const first = bar.querySelector("button:not(:disabled):not([hidden])");
        if (first) first.focus();
    }

    return {
        show, focus,
        hide: () => { bar.hidden = true; },
        isHidden: () => bar.hidden,
        siblingsToo: (item) => (box.checked ? item.siblings.map(({ id, version }) => ({ id, version })) : []),
    };
};
