'use strict';
// Filters, and opening what a link points at. Without this script everything is visible and no filter is offered.
// The state lives in the fragment, behind the anchor: #coverage?verdict=fail&clause=WD04+3.1&text=retain
(function () {
  var forms = all(document, 'form.filters');

  function all(node, selector) {
    return Array.prototype.slice.call(node.querySelectorAll(selector));
  }

  function controls(form) {
    return all(form, 'select, input');
  }

  function parse() {
    var hash = location.hash.slice(1);
    var at = hash.indexOf('?');
    var anchor = at < 0 ? hash : hash.slice(0, at);
    try { anchor = decodeURIComponent(anchor); } catch (e) { anchor = ''; }
    return { anchor: anchor, filters: at < 0 ? null : new URLSearchParams(hash.slice(at + 1)) };
  }

  function save(anchor) {
    var filters = new URLSearchParams();
    forms.forEach(function (form) {
      controls(form).forEach(function (control) {
        if (control.value) { filters.set(control.name, control.value); }
      });
    });
    var query = filters.toString();
    var hash = '#' + encodeURI(anchor) + (query ? '?' + query : '');
    if (hash === location.hash || (hash === '#' && !location.hash)) { return; }
    try { history.replaceState(null, '', hash); } catch (e) { location.hash = hash; }
  }

  function plain(text) {
    return text.toLowerCase().replace(/\s+/g, ' ').trim();
  }

  // Everything an item says; it never changes, and reading it takes time.
  function words(item) {
    if (item.words === undefined) { item.words = plain(item.textContent); }
    return item.words;
  }

  // Whether a citation, or a word of one, begins so: "WD04 3.1" and "3.1" both find WD04 3.1.3, "3.1.2-1" finds MQTT-3.1.2-1.
  function begins(cited, wanted) {
    return cited.split('; ').some(function (cite) {
      cite = ' ' + cite.toLowerCase();
      return [cite, cite.replace(/([a-z])-/g, '$1 ')].some(function (spelled) {
        return spelled.indexOf(' ' + wanted) >= 0;
      });
    });
  }

  function fits(item, control) {
    var attribute = control.dataset.attribute;
    var has = attribute && item.getAttribute('data-' + attribute) || '';
    var wanted = plain(control.value);
    if (!attribute) {
      return wanted.split(' ').every(function (word) { return words(item).indexOf(word) >= 0; });
    }
    if (attribute === 'c') { return !wanted || begins(has, wanted); }
    return has.split(' ').indexOf(control.value) >= 0;
  }

  function tell(output, shown, total) {
    var text = shown + ' of ' + total + ' ' + output.dataset.what + ' shown';
    if (output.textContent !== text) { output.textContent = text; }
    output.classList.toggle('some', shown < Number(total));
  }

  // Of the packets of a scenario only those of the type that is wanted; all rows where none is.
  function narrow(item, type) {
    var table = item.querySelector('table.trace');
    if (!table || type === (item.type || '')) { return; }
    item.type = type;
    var rows = Array.prototype.slice.call(table.tBodies[0].rows);
    var shown = rows.filter(function (row) {
      var name = row.classList.contains('note') ? null : row.querySelector('b');
      row.hidden = type !== '' && !(name && name.textContent === type);
      return !row.hidden;
    });
    var output = item.querySelector('.shown');
    tell(output, shown.length, output.dataset.total);
  }

  function apply(form) {
    var list = document.querySelector('[data-filter="' + form.dataset.for + '"]');
    var items = all(list, '.item');
    var wanted = controls(form).filter(function (control) { return control.value; });
    var type = form.elements.namedItem('packet');
    var shown = 0;
    items.forEach(function (item) {
      var fit = wanted.every(function (control) { return fits(item, control); });
      item.hidden = !fit;
      if (fit) { shown += 1; }
      if (type) { narrow(item, type.value); }
    });
    // A heading without anything under it goes, too.
    all(list, 'tbody').forEach(function (body) {
      if (body.parentNode === list) { body.hidden = !body.querySelector('.item:not([hidden])'); }
    });
    tell(form.parentNode.querySelector('.shown'), shown, items.length);
    // On paper there is no form that would tell why something is not there.
    form.parentNode.querySelector('.narrowed').textContent = wanted.map(function (control) {
      var option = control.tagName === 'SELECT' ? control.options[control.selectedIndex].text : control.value;
      return control.parentNode.firstChild.data.trim() + ': ' + option;
    }).join('; ');
  }

  function reveal(anchor) {
    var target = anchor && document.getElementById(anchor);
    all(document, '.target').forEach(function (old) { old.classList.remove('target'); });
    if (!target) { return; }
    if (target.closest('[hidden]')) {
      var list = target.closest('[data-filter]');
      forms.forEach(function (form) {
        if (list && form.dataset.for === list.dataset.filter) { clear(form); apply(form); }
      });
    }
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === 'DETAILS') { node.open = true; }
    }
    var own = target.tagName === 'TR' && target.querySelector('details');
    if (own) { own.open = true; }
    // A part of the page is no place in it.
    if (target.tagName !== 'SECTION') { target.classList.add('target'); }
    target.scrollIntoView();
  }

  function clear(form) {
    controls(form).forEach(function (control) { control.value = ''; });
  }

  function arrive() {
    var place = parse();
    if (place.filters) {
      forms.forEach(function (form) {
        controls(form).forEach(function (control) {
          control.value = place.filters.get(control.name) || '';
          if (control.tagName === 'SELECT' && control.selectedIndex < 0) { control.value = ''; }
        });
      });
    }
    forms.forEach(apply);
    reveal(place.anchor);
    save(place.anchor);
  }

  // What scrolls sideways can be scrolled by keyboard.
  function fit() {
    var boxes = all(document, '.scroll').filter(function (box) { return !box.closest('details:not([open])'); });
    // First all that is asked, then all that changes: each change makes the next question dear.
    var wide = boxes.map(function (box) { return box.scrollWidth > box.clientWidth; });
    boxes.forEach(function (box, n) {
      if (wide[n] !== box.hasAttribute('tabindex')) {
        if (wide[n]) { box.tabIndex = 0; } else { box.removeAttribute('tabindex'); }
      }
    });
  }

  forms.forEach(function (form) {
    form.hidden = false;
    form.addEventListener('submit', function (event) { event.preventDefault(); });
    form.addEventListener('input', function () { apply(form); save(form.dataset.for); });
    form.addEventListener('reset', function (event) {
      event.preventDefault();
      clear(form);
      apply(form);
      save(form.dataset.for);
    });
  });
  window.addEventListener('hashchange', arrive);
  // A browser may put back what stood in the fields after this has run.
  window.addEventListener('pageshow', function (event) { if (event.persisted) { forms.forEach(apply); } });
  // Nothing is filtered unless the fragment says so, whatever a browser remembers of the fields.
  forms.forEach(clear);
  arrive();
  fit();
  window.addEventListener('resize', fit);
  document.addEventListener('toggle', fit, true);
}());
