/* Makes the forms kinder: what was left empty or cannot be is said before anything is sent, so that nothing has to be typed
   again. The server checks everything by itself, in the same words; everything works without this file. Written for old
   phones too. */
(function () {
  'use strict';
  var doc = document;
  var byId = function (id) { return doc.getElementById(id); };
  var each = function (list, act) { Array.prototype.forEach.call(list, act); };

  function start() {
    each(doc.querySelectorAll('form[data-errors]'), function (form) {
      form.noValidate = true;
      form.addEventListener('submit', check);
    });
    each(doc.querySelectorAll('form[method=post]'), function (form) { form.addEventListener('submit', once); });
    var print = byId('print');
    if (print) {
      print.hidden = false;
      print.addEventListener('click', function () { window.print(); });
    }
    if (window.fetch && window.URLSearchParams && window.DOMParser) {
      each(doc.querySelectorAll('[data-keep]'), function (button) { button.addEventListener('click', keep); });
    }
    countDown();
    if (byId('errors')) { byId('errors').focus(); }
    each(doc.querySelectorAll('#errors a[href^="#"]'), lead);
  }

  /* A line of the summary leads into its field: once the key that pressed it is up again, or it would press the form's button
     there too. A screen reader presses without a key. */
  function lead(link) {
    link.addEventListener('click', function (e) {
      var field = byId(link.hash.slice(1));
      if (!field) { return; }
      e.preventDefault();
      var go = function () {
        clearTimeout(waits);
        link.removeEventListener('keyup', go);
        field.focus();
      };
      var waits = setTimeout(go, e.detail ? 0 : 300);
      link.addEventListener('keyup', go);
    });
  }

  /* A time is kept for some minutes by the server's clock: the page counts down from what the server said was left. It
     tells screen readers at two minutes, at half a minute and at the end, and no more. */
  var ticking = 0;
  function countDown() {
    var held = byId('held'), loaded = Date.now();
    clearInterval(ticking);
    if (!held) { return; }
    var told = Infinity, all = Number(held.dataset.ms);
    function words(s) {
      var m = Math.floor(s / 60);
      return held.dataset.left + ' ' + (m ? m + held.dataset.min + ' ' : '') + (s % 60) + held.dataset.sec;
    }
    function tick() {
      var s = Math.ceil((all - (Date.now() - loaded)) / 1000);
      if (s <= 0) {
        clearInterval(ticking);
        held.hidden = true;
        byId('over').hidden = false;
        byId('say').textContent = byId('over').querySelector('p').textContent;
        return;
      }
      byId('left').textContent = words(s);
      each([120, 30], function (mark) {
        if (s <= mark && told > mark && all > mark * 1000) { byId('say').textContent = words(s); }
      });
      told = s;
    }
    ticking = setInterval(tick, 1000);
    tick();
  }

  /* Buttons that leave the form as it is, another language above all: the page is taken from the server and what was typed
     is put back into it, the registration number too, which the server never sends. */
  function keep(e) {
    var form = this.form, id = this.id, typed = {}, body = new URLSearchParams(new FormData(form));
    body.append(this.name, this.value);
    e.preventDefault();
    each(form.elements, function (el) { if (el.id && el.type !== 'submit') { typed[el.id] = [el.value, el.checked]; } });
    fetch(form.action, { method: 'POST', body: body, credentials: 'same-origin' }).then(function (res) { return res.text(); }).then(function (html) {
      var next = new DOMParser().parseFromString(html, 'text/html');
      doc.documentElement.lang = next.documentElement.lang;
      doc.title = next.title;
      doc.body.innerHTML = next.body.innerHTML;
      each(Object.keys(typed), function (key) {
        if (byId(key)) { byId(key).value = typed[key][0]; byId(key).checked = typed[key][1]; }
      });
      start();
      var at = byId(id);
      if (!byId('errors')) { (at && at.offsetParent ? at : byId('main')).focus(); }
    })['catch'](function () { location.reload(); });
  }

  /* Pressing twice sends once. Coming back by the browser's button opens the form again. */
  function once(e) {
    if (e.defaultPrevented) { return; }
    if (this.dataset.sent) { e.preventDefault(); return; }
    this.dataset.sent = '1';
  }
  window.addEventListener('pageshow', function () {
    each(doc.querySelectorAll('form'), function (form) { delete form.dataset.sent; });
  });

  /* An input says in data-empty and data-wrong what is the matter when nothing, or something that cannot be, stands in it. */
  function wrong(input) {
    if (input.dataset['if'] && !byId(input.dataset['if']).checked) { return ''; }
    if (input.type === 'checkbox' || input.type === 'radio') {
      return input.required && !doc.querySelector('input[name="' + input.name + '"]:checked') ? input.dataset.empty : '';
    }
    var also = byId(input.dataset['with']), text = (input.value + (also ? also.value : '')).trim();
    if (!text) { return input.dataset.empty; }
    var digits = text.replace(/[０-９]/g, function (c) { return String.fromCharCode(c.charCodeAt(0) - 0xfee0); }).replace(/[^0-9]/g, '');
    return input.dataset.digits && !new RegExp('^(?:' + input.dataset.digits + ')$').test(digits) ? input.dataset.wrong : '';
  }

  function check(e) {
    var form = this, found = [];
    if (e.submitter && e.submitter.hasAttribute('formnovalidate')) { return; }
    each(form.querySelectorAll('[data-empty]'), function (input) {
      var problem = wrong(input);
      mark(input, problem);
      if (problem && !(input.type === 'radio' && found.length && found[found.length - 1].text === problem)) {
        found.push({ id: input.id, text: problem });
      }
    });
    if (!found.length) { return; }
    e.preventDefault();
    tell(form, found);
  }

  /* The sentence goes before the input and is read with it. */
  function mark(input, problem) {
    var field = input.closest('.field'), id = (input.dataset.error || input.id) + '-error', old = byId(id);
    if (old) { old.parentNode.removeChild(old); }
    describe(input, id, problem);
    if (input.dataset['with']) { describe(byId(input.dataset['with']), id, problem); }
    if (problem) {
      var p = doc.createElement('p'), before = field.querySelector('.pair, .check, input, select');
      p.className = 'error';
      p.id = id;
      p.textContent = problem;
      before.parentNode.insertBefore(p, before);
    }
    field.classList[problem ? 'add' : 'remove']('bad');
  }

  function describe(input, id, problem) {
    var described = (input.getAttribute('aria-describedby') || '').split(' ').filter(function (d) { return d && d !== id; });
    if (problem) {
      described.unshift(id);
      input.setAttribute('aria-invalid', 'true');
    } else {
      input.removeAttribute('aria-invalid');
    }
    if (described.length) { input.setAttribute('aria-describedby', described.join(' ')); } else { input.removeAttribute('aria-describedby'); }
  }

  function tell(form, found) {
    var box = byId('errors') || doc.createElement('div'), list = doc.createElement('ul');
    box.id = 'errors';
    box.className = 'errors';
    box.tabIndex = -1;
    box.setAttribute('role', 'alert');
    box.setAttribute('aria-labelledby', 'errors-title');
    box.innerHTML = '<h2 id="errors-title"></h2>';
    box.firstChild.textContent = form.dataset.errors;
    each(found, function (f) {
      var item = doc.createElement('li'), link = doc.createElement('a');
      link.href = '#' + f.id;
      link.textContent = f.text;
      lead(link);
      item.appendChild(link);
      list.appendChild(item);
    });
    box.appendChild(list);
    form.parentNode.insertBefore(box, form);
    if (doc.title.indexOf(form.dataset.prefix) !== 0) { doc.title = form.dataset.prefix + doc.title; }
    box.focus();
  }

  if ('closest' in Element.prototype && 'dataset' in doc.body) { start(); }
})();
