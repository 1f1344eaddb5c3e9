/* The waiting page keeps itself up to date without a reload, so that nobody is thrown back to the top; a page that says that
   the server is busy tries again. Everything works without this file; it decides nothing. Written for old phones too. */
(function () {
  'use strict';
  var doc = document;
  var byId = function (id) { return doc.getElementById(id); };

  var retry = byId('retry');
  if (retry) {
    var after = Number(retry.dataset.after), stop = byId('stop');
    retry.textContent = retry.dataset.say;
    var trying = setTimeout(function () { location.replace(retry.dataset.to); }, after * 1000 * (1 + Math.random() / 5));
    stop.hidden = false;
    stop.addEventListener('click', function () {
      clearTimeout(trying);
      retry.textContent = retry.dataset.stopped;
      stop.hidden = true;
    });
  }
  if (!byId('live')) { return; }

  var en = doc.documentElement.lang === 'en';
  var said = Date.now();
  var lastWait = '';
  var fullAt = Date.now();
  var failures = 0;
  var timer = 0;
  var asked = 0;

  function thousands(n) { return String(n).replace(/\B(?=(\d{3})+$)/g, ','); }
  function plural(ko, word) { return en ? word : ko; }

  function hours(m) {
    var h = Math.floor(m / 60), rest = m % 60, out = [];
    if (h) { out.push(h + plural('시간', ' h')); }
    if (rest) { out.push(rest + plural('분', ' min')); }
    return out.join(' ');
  }

  /* The same steps, rounded outward, as on the server. */
  function waitWords(low, high) {
    if (low === null || high === null) { return plural('알 수 없음', 'unknown'); }
    low = Math.max(low, 0);
    high = Math.max(high, low, 1);
    var to = Math.ceil(high / 60);
    var step = to <= 20 ? 1 : to <= 60 ? 5 : to <= 180 ? 10 : to <= 600 ? 30 : 60;
    to = Math.ceil(to / step) * step;
    var from = Math.floor(Math.floor(low / 60) / step) * step;
    var span = to <= 60 ? to + plural('분', ' min') : hours(to);
    if (!from) { return en ? 'within ' + span : span + ' 이내'; }
    if (from === to) { return plural('약 ', 'about ') + span; }
    if (to <= 60) { return plural('약 ', 'about ') + from + plural('~', '–') + span; }
    return plural('약 ', 'about ') + hours(from) + plural('~', ' to ') + span;
  }

  function untilWords(ms) {
    var m = Math.ceil(ms / 60000);
    if (ms <= 60000) { return plural('1분 이내', 'less than a minute'); }
    var d = Math.floor(m / 1440), h = Math.floor(m / 60) % 24;
    if (d) { return d + plural('일', ' d') + (h ? ' ' + h + plural('시간', ' h') : ''); }
    if (h) { return hours(m); }
    return plural('약 ', 'about ') + m + plural('분', ' min');
  }

  function clock(iso) { return new Date(Date.parse(iso) + 9 * 3600000).toISOString().slice(11, 19); }

  function showEvery() { if (byId('every')) { byId('every').hidden = false; } }

  function set(id, words) {
    var el = byId(id);
    if (el && el.textContent !== words) { el.textContent = words; }
  }

  function say(words) {
    byId('say').textContent = words;
    said = Date.now();
  }

  function counted(n, plus, unit) {
    return n === null ? plural('확인 중', 'not known yet') : thousands(Math.max(n, 0) + plus) + plural(unit, '');
  }

  function update(p) {
    var wait = waitWords(p.wait_low_s, p.wait_high_s);
    set('ahead', counted(p.ahead, 0, '명'));
    set('place', counted(p.ahead, 1, '번째'));
    set('wait', wait);
    set('stock', p.stock_left === null ? plural('알 수 없음', 'unknown') : thousands(Math.max(p.stock_left, 0)) + plural('회분', ' doses'));
    set('until', untilWords(Date.parse(p.opens_at) - Date.parse(p.server_time)));
    set('clock', clock(p.server_time));
    set('every', en ? 'Checked automatically every ' + p.next_poll_s + ' s.' : p.next_poll_s + '초마다 자동으로 확인합니다.');
    if (p.state === 'waiting' && wait !== lastWait && Date.now() - said > 60000) {
      say(plural('내 앞에 ', 'People ahead: ') + counted(p.ahead, 0, '명') + plural(', 예상 대기 시간 ', ', expected wait ') + wait);
      lastWait = wait;
    }
  }

  function changed(p) {
    var d = byId('live').dataset;
    if ('plain' in d) { return p.state !== d.state; }
    return p.state !== d.state || p.stock_outlook !== d.outlook || (p.reason || '') !== d.reason ||
      Date.parse(p.opens_at) !== Date.parse(d.opens);
  }

  /* Another state has other words: take them from the server's page, keep the focus and the scroll position. */
  function replace(html) {
    var next = new DOMParser().parseFromString(html, 'text/html');
    var live = next.getElementById('live'), notices = next.getElementById('notices');
    if (!live || !notices) { location.reload(); return; }
    var old = byId('live'), focused = old.contains(doc.activeElement) ? doc.activeElement.id : '';
    var other = old.dataset.state !== live.dataset.state || old.dataset.reason !== live.dataset.reason;
    var news = byId('notices').textContent !== notices.textContent && notices.textContent.trim();
    old.parentNode.replaceChild(doc.importNode(live, true), old);
    byId('notices').innerHTML = notices.innerHTML;
    doc.title = next.title;
    if (focused && byId(focused)) { byId(focused).focus({ preventScroll: true }); }
    if (other) { say(byId('live').querySelector('h1').textContent); } else if (news) { say(notices.textContent.trim()); }
    showEvery();
    fullAt = Date.now();
  }

  function get(url) { return fetch(url, { credentials: 'same-origin', cache: 'no-store' }); }

  function full() {
    return get('/wait').then(function (res) {
      if (res.status === 401) { location.reload(); }
      if (!res.ok) { throw res; }
      return res.text();
    }).then(replace);
  }

  function poll() {
    asked = Date.now();
    get('/v1/queue/place').then(function (res) {
      if (res.status === 401) { location.reload(); }
      if (!res.ok) { throw res; }
      return res.json();
    }).then(function (p) {
      failures = 0;
      byId('trouble').hidden = true;
      if (changed(p) || Date.now() - fullAt > 60000) {
        return full().then(function () { again(p.next_poll_s); });
      }
      update(p);
      again(p.next_poll_s);
    })['catch'](function (err) {
      var wait = err && err.headers ? Number(err.headers.get('Retry-After')) : 0;
      failures += 1;
      byId('trouble').hidden = failures < 2;
      again(wait || Math.min(30, 2 * Math.pow(2, failures)));
    });
  }

  /* A little jitter, so that a million pages do not ask in the same moment. */
  function again(seconds) {
    clearTimeout(timer);
    if (byId('live').dataset.state === 'closed') { return; }
    timer = setTimeout(poll, seconds * 1000 * (1 + Math.random() / 5));
  }

  if (!window.fetch || !window.DOMParser || !window.Promise) { return; }
  showEvery();
  doc.addEventListener('click', function (e) {
    if (e.target.id === 'again' && !e.ctrlKey && !e.metaKey && !e.shiftKey) {
      e.preventDefault();
      if (Date.now() - asked < 2000) { return; }
      clearTimeout(timer);
      poll();
    }
  });
  doc.addEventListener('visibilitychange', function () {
    if (!doc.hidden && failures) { clearTimeout(timer); poll(); }
  });
  again(Number(byId('live').dataset.poll));
})();
