"use strict";
/* Single keys, for every page of the desk. A key belongs to a visible button or link: an element with
   data-key="e" is clicked by "e", data-key="g n" by "g" and then "n". So no key does what no button
   does, and the help (?) is a list of the buttons that are there. */
(function () {
    const CHORD_WITHIN = 1500;
    let prefix = "", prefixTimer = null, help = null;

    /* Where this person's choice is kept; two people may share a browser. */
    function switchKey() {
        const page = document.querySelector("[data-desk-user]");
        return "desk.keys.off:" + (page ? page.dataset.deskUser : "");
    }

    function isOff() {
        try {
            return localStorage.getItem(switchKey()) === "1";
        } catch (error) {
            console.warn("desk: keys stay on, nothing can be remembered", error);
            return false;
        }
    }

    function isTyping(target) {
        if (!(target instanceof Element)) return false;
        if (target.closest("[contenteditable='true'], textarea, select:not([data-keys-heard])")) return true;
        const input = target.closest("input");
        return Boolean(input) && !["checkbox", "radio", "button", "submit"].includes(input.type);
    }

    function isUsable(element) {
        return !element.disabled && element.getAttribute("aria-disabled") !== "true" && element.getClientRects().length > 0;
    }

    /* Keys of the innermost open dialog or menu come first; behind a modal dialog nothing hears. */
    function scope() {
        const dialogs = [...document.querySelectorAll("dialog[open]")];
        if (dialogs.length) return dialogs[dialogs.length - 1];
        const menu = document.querySelector("[data-keys-scope]:not([hidden])");
        return menu || document;
    }

    function bound(root, keys) {
        const found = [...root.querySelectorAll("[data-key]")].filter((element) => element.dataset.key.split(" or ").includes(keys));
        return found.find(isUsable);
    }

    function startsChord(root, key) {
        return [...root.querySelectorAll("[data-key]")].some((element) => element.dataset.key.startsWith(key + " ") && isUsable(element));
    }

    function setPrefix(key) {
        prefix = key;
        clearTimeout(prefixTimer);
        if (key) prefixTimer = setTimeout(() => setPrefix(""), CHORD_WITHIN);
    }

    function onKey(event) {
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
        // In a field of a menu, Escape still leaves the menu.
        if (isTyping(event.target) && !(event.key === "Escape" && event.target.closest("[data-keys-scope]"))) return;
        if (event.key === "?") {
            event.preventDefault();
            toggleHelp();
            return;
        }
        if (isOff() || event.repeat && !["j", "k"].includes(event.key)) return;
        // Enter and Space press what has the focus; that is the browser's.
        if (["Enter", " "].includes(event.key) && event.target.closest("a, button, summary, input, select")) return;
        const key = event.shiftKey && event.key.length === 1 ? "Shift+" + event.key.toLowerCase() : event.key;
        const keys = prefix ? prefix + " " + key : key;
        const root = scope();
        const element = bound(root, keys);
        setPrefix("");
        if (element) {
            event.preventDefault();
            event.stopPropagation();
            element.click();
        } else if (keys === key && startsChord(root, key)) {
            event.preventDefault();
            setPrefix(key);
        }
    }

    function labelOf(element) {
        return element.dataset.keyLabel || element.getAttribute("aria-label") || element.textContent.replace(/\s+/g, " ").trim();
    }

    function toggleHelp() {
        if (help && help.open) {
            help.close();
            return;
        }
        if (!help) {
            help = document.createElement("dialog");
            help.className = "desk-keys-help";
            help.setAttribute("aria-label", "Keys");
            document.body.append(help);
        }
        const title = document.createElement("h2");
        title.textContent = "Keys on this page";
        title.tabIndex = -1;
        const list = document.createElement("dl");
        const seen = new Set();
        for (const element of document.querySelectorAll("[data-key]")) {
            if (seen.has(element.dataset.key) || help.contains(element) || !isUsable(element)) continue;
            seen.add(element.dataset.key);
            const term = document.createElement("dt");
            for (const one of element.dataset.key.split(" or ")) {
                for (const part of one.split(" ")) {
                    const kbd = document.createElement("kbd");
                    kbd.textContent = part;
                    term.append(kbd, " ");
                }
            }
            const meaning = document.createElement("dd");
            meaning.textContent = labelOf(element);
            list.append(term, meaning);
        }
        const switchLabel = document.createElement("label");
        const box = document.createElement("input");
        box.type = "checkbox";
        box.checked = !isOff();
        box.addEventListener("change", () => {
            try {
                localStorage.setItem(switchKey(), box.checked ? "0" : "1");
            } catch (error) {
                console.warn("desk: the switch cannot be remembered", error);
            }
        });
        switchLabel.append(box, " Single keys are on, for me in this browser");
        const close = document.createElement("button");
        close.type = "button";
        close.className = "desk-button";
        close.textContent = "Close";
        close.addEventListener("click", () => help.close());
        // What else the page says about itself.
        const words = [...document.querySelectorAll("template[data-keys-words]")].map((template) => template.content.cloneNode(true));
        help.replaceChildren(title, list, ...words, switchLabel, close);
        help.showModal();
        title.focus(); // where Space and Enter change nothing
        help.scrollTop = 0;
    }

    document.addEventListener("keydown", onKey);
    document.addEventListener("click", (event) => {
        if (event.target instanceof Element && event.target.closest("[data-keys-help]")) toggleHelp();
    });
})();
