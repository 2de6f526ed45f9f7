"use strict";
/* Focus mode's dialogs and menus. A dialog that saves hears no key before it could be read: its answers are off,
   and look so, until no key was pressed for a moment. */
window.focusDialogs = function () {
    const QUIET = 600;
    const { make } = window.focusParts, tables = window.focusTables;
    const part = (name) => document.querySelector("[" + name + "]");
    const dialog = part("data-reason-dialog"), heading = part("data-reason-heading");
    const answers = [...dialog.querySelectorAll("[data-reason], [data-reason-send]")];
    let send = null, quietTimer = null, opener = null;

    function setReady(isReady) {
        for (const button of answers) button.disabled = !isReady;
        part("data-reason-wait").textContent = isReady ? "Why?" : "Read first: keys answer in a moment…";
    }

    function waitForQuiet() {
        clearTimeout(quietTimer);
        if (dialog.open && answers[0].disabled) quietTimer = setTimeout(() => setReady(true), QUIET);
    }

    /* data: a preview's conflicts and impact. then: called with the reason. */
    function askReason(words, data, then) {
        heading.replaceChildren(...words);
        part("data-impact-words").textContent = tables.impactWords(data.impact || {});
        part("data-conflict-list").replaceChildren(...(data.conflicts || []).map((conflict) => make("li", conflict.severity === "error" ? "desk-error" : "", conflict.text)));
        part("data-own-reason").value = "";
        send = then;
        setReady(false);
        open(dialog, heading);
        requestAnimationFrame(() => requestAnimationFrame(waitForQuiet)); // from when it is drawn
    }

    function giveReason(reason) {
        if (!reason.trim() || answers[0].disabled) return;
        dialog.close();
        send(reason.trim());
    }

    document.addEventListener("keydown", waitForQuiet, true);
    dialog.addEventListener("submit", (event) => {
        event.preventDefault(); // Enter in the field saves, and does not only close
        giveReason(part("data-own-reason").value);
    });

    function showPreview(words, data) {
        const box = part("data-preview-dialog"), title = box.querySelector("h2");
        title.replaceChildren(...words);
        part("data-preview-body").replaceChildren(...tables.preview(data));
        open(box, title);
    }

    /* From its beginning, with the focus where nothing happens by Space or Enter. */
    function open(box, title) {
        box.showModal();
        title.focus();
        box.scrollTop = 0;
    }

    function closeMenus() {
        for (const menu of document.querySelectorAll("[data-menu]:not([hidden])")) {
            const hadFocus = menu.contains(document.activeElement);
            menu.hidden = true;
            if (hadFocus) opener.focus();
        }
    }

    /* Above the button that opened it. Nothing waits for a family where none is known. */
    function openMenu(name, button, item) {
        closeMenus();
        const menu = document.querySelector('[data-menu="' + name + '"]');
        opener = button;
        for (const choice of menu.querySelectorAll("[data-until=family]")) choice.disabled = !item.family;
        menu.hidden = false;
        const place = button.getBoundingClientRect();
        menu.style.left = Math.max(8, Math.min(place.left, innerWidth - menu.offsetWidth - 8)) + "px";
        menu.style.bottom = innerHeight - place.top + 6 + "px";
        menu.querySelector("button").focus();
    }

    function click(button) {
        if ("menuClose" in button.dataset) closeMenus();
        else if (button.dataset.reason) giveReason(button.dataset.reason);
        else if ("reasonSend" in button.dataset) giveReason(part("data-own-reason").value);
        else if ("reasonCancel" in button.dataset) dialog.close();
        else if ("previewClose" in button.dataset) part("data-preview-dialog").close();
    }

    return { askReason, showPreview, openMenu, closeMenus, click };
};
