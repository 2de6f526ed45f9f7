"use strict";
/* The live layer of every admin page: one socket, a status, a bell, toasts, progress, fresh prices.
   Everything it shows is set as text, never as HTML: names come from bookmakers. */
(function () {
    const ADMIN = "/admin/";
    const QUEUE = ADMIN + "mappings/unmappedmarketlog/?tab=NEW";
    const TOPICS = "unmapped_alerts,scrape_progress,odds_updates";
    const NAMES = { betpawa: "BetPawa", sportybet: "SportyBet", bet9ja: "Bet9ja" };
    const SEQ_KEY = "desk.seq", ALERTS_KEY = "desk.alerts", UNSEEN_KEY = "desk.unseen";
    const FIRST_WAIT = 1000, LONGEST_WAIT = 30000, PING_EVERY = 30000, PONG_WITHIN = 10000;
    const TOAST_STAYS = 20000, GATHER_FOR = 700, KEEP_ALERTS = 30, NAMED_AT_MOST = 3;
    const SIGNED_OUT = 4401, NO_ROLE = 4403;

    // --- What this browser remembers between pages ------------------------------------------

    function recall(key, fallback) {
        try {
            const text = localStorage.getItem(key);
            return text === null ? fallback : JSON.parse(text);
        } catch (error) {
            console.warn("desk: nothing can be remembered", error);
            return fallback;
        }
    }

    function remember(key, value) {
        try {
            localStorage.setItem(key, JSON.stringify(value));
        } catch (error) {
            console.warn("desk: nothing can be remembered", error);
        }
    }

    function make(tag, className, text) {
        const element = document.createElement(tag);
        if (className) element.className = className;
        if (text !== undefined) element.textContent = text;
        return element;
    }

    function count(number) {
        return Number(number || 0).toLocaleString("en-GB");
    }

    // --- Ages -------------------------------------------------------------------------------

    function spanText(seconds) {
        if (seconds < 60) return Math.floor(seconds) + " s";
        if (seconds < 3600) return Math.floor(seconds / 60) + " min";
        if (seconds < 48 * 3600) return Math.floor(seconds / 3600) + " h";
        return Math.floor(seconds / 86400) + " d";
    }

    let clockSkew = 0; // server minus browser, so that a wrong clock here makes no wrong age

    /* kind: "kickoff" for one that is over rather than so long ago; "" for any other moment. */
    function ageText(at, kind) {
        const seconds = (Date.now() + clockSkew - Date.parse(at)) / 1000;
        if (Number.isNaN(seconds)) return "";
        const words = spanText(Math.abs(seconds));
        if (kind === "kickoff") return seconds >= 0 ? "kicked off" : "kick-off in " + words;
        return seconds >= 0 ? words + " ago" : "in " + words;
    }

    function countAges() {
        for (const element of document.querySelectorAll("time[data-age]")) {
            const text = ageText(element.dateTime, element.dataset.age);
            if (text && element.textContent !== text) element.textContent = text;
        }
    }

    window.deskAge = ageText;

    // --- Status, bell, toasts ---------------------------------------------------------------

    const view = {};

    function build(header) {
        const live = make("div", "desk-live");
        view.status = make("span", "desk-status", "Connecting");
        view.status.setAttribute("role", "status");
        view.status.dataset.state = "waiting";

        const bell = make("div", "desk-bell");
        view.bellButton = make("button");
        view.bellButton.type = "button";
        view.bellButton.setAttribute("aria-expanded", "false");
        view.bellButton.setAttribute("aria-controls", "desk-bell-panel");
        const icon = make("span", "material-symbols-outlined", "notifications");
        icon.setAttribute("aria-hidden", "true");
        view.bellCount = make("span", "desk-bell-count");
        view.bellButton.append(icon, view.bellCount);
        view.bellPanel = make("div", "desk-bell-panel");
        view.bellPanel.id = "desk-bell-panel";
        view.bellPanel.hidden = true;
        bell.append(view.bellButton, view.bellPanel);
        view.bellButton.addEventListener("click", toggleBell);
        document.addEventListener("keydown", (event) => {
            if (event.key === "Escape" && !view.bellPanel.hidden) toggleBell();
        });
        document.addEventListener("click", (event) => {
            if (!view.bellPanel.hidden && !bell.contains(event.target)) toggleBell();
        });
        live.append(view.status, bell);
        header.append(live);

        view.toasts = make("div", "desk-toasts");
        view.toasts.setAttribute("role", "log");
        view.toasts.setAttribute("aria-live", "polite");
        view.toasts.setAttribute("aria-label", "New unmapped markets");
        (document.querySelector("[data-toasts-here]") || document.body).append(view.toasts);
        showBell();
    }

    function say(state, text) {
        if (view.status.dataset.state === state && view.status.textContent === text) return;
        view.status.dataset.state = state;
        view.status.textContent = text;
    }

    function showBell() {
        const unseen = recall(UNSEEN_KEY, 0);
        view.bellCount.textContent = unseen > 999 ? "999+" : String(unseen);
        view.bellCount.hidden = unseen === 0;
        const words = unseen === 1 ? "1 unmapped market not looked at" : count(unseen) + " unmapped markets not looked at";
        view.bellButton.setAttribute("aria-label", unseen ? words : "Nothing new");
        view.bellButton.title = unseen ? words : "Nothing new";
    }

    function namesLine(names) {
        return names ? [make("bdi", "desk-sub", names)] : [];
    }

    function toggleBell() {
        const open = view.bellPanel.hidden;
        view.bellPanel.hidden = !open;
        view.bellButton.setAttribute("aria-expanded", String(open));
        if (!open) return;
        const list = make("ul");
        for (const alert of recall(ALERTS_KEY, [])) {
            const item = make("li");
            const link = make("a", "", alert.words);
            link.href = alert.href;
            const time = make("time", "desk-sub");
            time.dateTime = alert.at;
            time.dataset.age = "";
            item.append(link, ...namesLine(alert.names), time);
            list.append(item);
        }
        view.bellPanel.replaceChildren(list.children.length ? list : make("p", "", "Nothing new since this browser first looked."));
        countAges();
        remember(UNSEEN_KEY, 0);
        showBell();
    }

    function inWords(markets, total, announced) {
        const bySource = {};
        for (const market of markets) bySource[market.source] = (bySource[market.source] || 0) + 1;
        const sources = Object.keys(bySource).sort((a, b) => bySource[b] - bySource[a]);
        const noun = total === 1 ? " new unmapped market" : " new unmapped markets";
        let where = "";
        if (sources.length === 1 && total === markets.length) where = " at " + (NAMES[sources[0]] || sources[0]);
        else if (sources.length) {
            const parts = sources.map((source) => (NAMES[source] || source) + " " + count(bySource[source]));
            if (total > markets.length) parts.push(count(total - markets.length) + " more");
            where = ": " + parts.join(", ");
        }
        return { words: count(total) + noun + where, names: someNames(markets, total), href: QUEUE + theVeryRows(announced) };
    }

    /* The filter for what was announced: at these times, the first to the last. */
    function theVeryRows(announced) {
        const times = announced.filter(Boolean).sort();
        if (!times.length) return "";
        const [first, last] = [times[0], times[times.length - 1]];
        return "&announced=" + encodeURIComponent(first === last ? first : first + "~" + last);
    }

    /* The names of a few new markets; of many the count says enough. */
    function someNames(markets, total) {
        const names = markets.map((market) => market.marketName || market.externalMarketId);
        return total === names.length && total <= NAMED_AT_MOST ? names.join(", ") : "";
    }

    // Alerts that arrive together (after a while away, say) become one toast.
    let gathered = [], gatherTimer = null;

    function hearAlert(envelope) {
        gathered.push(envelope);
        clearTimeout(gatherTimer);
        gatherTimer = setTimeout(showAlerts, GATHER_FOR);
    }

    function showAlerts() {
        const envelopes = gathered;
        gathered = [];
        const kept = recall(ALERTS_KEY, []);
        const fresh = [];
        for (const envelope of envelopes) {
            if (kept.some((alert) => alert.seq === envelope.seq)) continue; // another tab was first
            const said = inWords(envelope.data.markets || [], envelope.data.count || 0, [envelope.data.announcedAt]);
            kept.unshift({ seq: envelope.seq, at: envelope.timestamp, words: said.words, names: said.names, href: said.href });
            fresh.push(envelope);
        }
        if (!envelopes.length) return;
        remember(ALERTS_KEY, kept.slice(0, KEEP_ALERTS));
        const added = fresh.reduce((sum, envelope) => sum + (envelope.data.count || 0), 0);
        remember(UNSEEN_KEY, recall(UNSEEN_KEY, 0) + added);
        showBell();
        const markets = envelopes.flatMap((envelope) => envelope.data.markets || []);
        const total = envelopes.reduce((sum, envelope) => sum + (envelope.data.count || 0), 0);
        toast(inWords(markets, total, envelopes.map((envelope) => envelope.data.announcedAt)));
    }

    function toast(said) {
        const box = make("div", "desk-toast");
        const words = make("p", "", said.words + (said.href ? " — " : ""));
        if (said.href) {
            const link = make("a", "", "open queue");
            link.href = said.href;
            words.append(link);
        }
        words.append(...namesLine(said.names));
        const close = make("button", "", "×");
        close.type = "button";
        close.setAttribute("aria-label", "Dismiss");
        close.addEventListener("click", () => box.remove());
        box.append(words, close);
        let timer = null;
        const leave = () => { timer = setTimeout(() => box.remove(), TOAST_STAYS); };
        const stay = () => clearTimeout(timer);
        box.addEventListener("mouseenter", stay);
        box.addEventListener("mouseleave", leave);
        box.addEventListener("focusin", stay);
        box.addEventListener("focusout", leave);
        view.toasts.append(box);
        leave();
    }

    /* The sidebar's number of markets that wait: "12", "999+", "" for none. */
    document.addEventListener("desk:waiting", (event) => {
        const link = document.querySelector('#nav-sidebar a[href="' + QUEUE + '"]');
        const badge = link && [...link.querySelectorAll("span")].find((span) => /^\d+\+?$/.test(span.textContent.trim()));
        if (badge) badge.textContent = event.detail || "0";
    });

    // --- Progress of a run ------------------------------------------------------------------

    function showProgress(data) {
        for (const panel of document.querySelectorAll("[data-run-progress]")) {
            const shown = panel.dataset.runProgress;
            const own = shown === String(data.scrapeRunId);
            if (shown && !own) continue;
            if (!own && data.kind !== "cycle") continue;
            const done = ["completed", "partial", "failed"].includes(data.status);
            if (!own && done) continue;
            panel.dataset.runProgress = data.scrapeRunId;
            panel.hidden = false;
            const set = (name, text) => {
                const element = panel.querySelector("[data-progress-" + name + "]");
                if (element && element.textContent !== text) element.textContent = text;
            };
            const bar = panel.querySelector("[data-progress-bar]");
            bar.max = Math.max(data.total || 0, 1);
            bar.value = done ? bar.max : Math.min(data.current || 0, bar.max);
            set("run", "#" + data.scrapeRunId);
            set("phase", done ? data.status : data.phase);
            set("count", count(data.current) + " of " + count(data.total) + " events");
            set("changed", count(data.changed) + " markets changed");
            set("message", data.message || "");
            panel.querySelector("[data-progress-link]").href = ADMIN + "scraping/scraperun/" + data.scrapeRunId + "/change/";
            if (done) {
                panel.dataset.runProgress = ""; // free for the next cycle; the words stay
                set("message", "finished after " + spanText((data.elapsedMs || 0) / 1000) + "; reload for the figures");
            }
        }
    }

    // --- The socket -------------------------------------------------------------------------

    let socket = null, wait = FIRST_WAIT, pingTimer = null, pongTimer = null;

    function connect() {
        const scheme = location.protocol === "https:" ? "wss://" : "ws://";
        const since = recall(SEQ_KEY, null);
        const query = "?topics=" + TOPICS + (Number.isInteger(since) ? "&since=" + since : "");
        socket = new WebSocket(scheme + location.host + "/api/ws" + query);
        socket.addEventListener("open", () => {
            wait = FIRST_WAIT;
            say("connected", "Live");
            pingTimer = setInterval(ping, PING_EVERY);
        });
        socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
        socket.addEventListener("close", (event) => {
            clearInterval(pingTimer);
            clearTimeout(pongTimer);
            if (event.code === SIGNED_OUT || event.code === NO_ROLE) {
                say("off", event.code === SIGNED_OUT ? "Signed out" : "No live access");
                return;
            }
            say("waiting", "Reconnecting");
            setTimeout(connect, wait * (0.8 + 0.4 * Math.random()));
            wait = Math.min(wait * 2, LONGEST_WAIT);
        });
    }

    function ping() {
        socket.send(JSON.stringify({ type: "ping" }));
        clearTimeout(pongTimer);
        pongTimer = setTimeout(() => socket.close(), PONG_WITHIN);
    }

    function hear(envelope) {
        const data = envelope.data || {};
        if (envelope.type === "pong") {
            clearTimeout(pongTimer);
            clockSkew = Date.parse(envelope.timestamp) - Date.now();
            return;
        }
        if (envelope.type === "connection_ack") {
            clockSkew = Date.parse(envelope.timestamp) - Date.now();
            const known = recall(SEQ_KEY, null);
            // Nothing remembered, or more than there is (the database was restored): start here.
            if (Number.isInteger(data.seq) && (known === null || known > data.seq)) remember(SEQ_KEY, data.seq);
            return;
        }
        if (envelope.type === "error") {
            console.warn("desk: the server says", data.code, data.detail);
            if (data.code === "catch_up_incomplete") toast({ words: "Too much happened while you were away to show it here. Reload the page.", href: "" });
            return;
        }
        if (Number.isInteger(envelope.seq)) {
            const known = recall(SEQ_KEY, 0);
            if (envelope.seq > known) remember(SEQ_KEY, envelope.seq);
        }
        if (envelope.type === "unmapped_alert") hearAlert(envelope);
        else if (envelope.type === "scrape_progress") showProgress(data);
        document.dispatchEvent(new CustomEvent("desk:" + envelope.type, { detail: data }));
    }

    // --- Start ------------------------------------------------------------------------------

    document.addEventListener("DOMContentLoaded", () => {
        const header = document.getElementById("header-inner");
        if (!document.getElementById("nav-sidebar") || !header) return; // the sign-in page, a pop-up
        build(header);
        if (location.pathname === ADMIN + "mappings/unmappedmarketlog/") {
            remember(UNSEEN_KEY, 0);
            showBell();
        }
        window.addEventListener("storage", showBell);
        countAges();
        setInterval(countAges, 5000);
        connect();
    });
})();
