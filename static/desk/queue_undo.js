"use strict";
/* The undo that is offered after a decision goes after ten seconds; the words stay. */
document.addEventListener("DOMContentLoaded", () => {
    const offer = document.querySelector("[data-undo-offer]");
    if (offer) setTimeout(() => { offer.hidden = true; }, 10000);
});
