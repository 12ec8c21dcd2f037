'use strict';
// Filters, and opening what a link points at. Without this script everything is visible and no filter is offered.
// The state lives in the fragment, behind the anchor: #coverage?verdict=fail&text=retain
(function () {
  var forms = Array.prototype.slice.call(document.querySelectorAll('form.filters'));

  function controls(form) {
    return Array.prototype.slice.call(form.querySelectorAll('select, input'));
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

  function apply(form) {
    var list = document.querySelector('[data-filter="' + form.dataset.for + '"]');
    var items = list.querySelectorAll('.item');
    var wanted = controls(form).filter(function (control) { return control.value; });
    var shown = 0;
    Array.prototype.forEach.call(items, function (item) {
      var fits = wanted.every(function (control) {
        if (!control.dataset.attribute) {
          return item.textContent.toLowerCase().indexOf(control.value.toLowerCase()) >= 0;
        }
        var has = item.getAttribute('data-' + control.dataset.attribute) || '';
        return has.split(' ').indexOf(control.value) >= 0;
      });
      item.hidden = !fits;
      if (fits) { shown += 1; }
    });
    Array.prototype.forEach.call(list.querySelectorAll('tbody'), function (body) {
      if (body.querySelector('.item')) { body.hidden = !body.querySelector('.item:not([hidden])'); }
    });
    var output = form.parentNode.querySelector('output.shown');
    output.textContent = shown + ' of ' + items.length + ' ' + output.dataset.what + ' shown';
  }

  function reveal(anchor) {
    var target = anchor && document.getElementById(anchor);
    Array.prototype.forEach.call(document.querySelectorAll('.target'), function (old) { old.classList.remove('target'); });
    if (!target) { return; }
    var item = target.closest('.item');
    if (item && item.hidden) {
      var list = item.closest('[data-filter]');
      forms.forEach(function (form) {
        if (form.dataset.for === list.dataset.filter) { form.reset(); apply(form); }
      });
    }
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === 'DETAILS') { node.open = true; }
    }
    var own = target.tagName === 'TR' && target.querySelector('details');
    if (own) { own.open = true; }
    target.classList.add('target');
    target.scrollIntoView();
  }

  function arrive() {
    var place = parse();
    if (place.filters) {
      forms.forEach(function (form) {
        controls(form).forEach(function (control) {
          control.value = place.filters.get(control.name) || '';
          if (control.tagName === 'SELECT' && control.selectedIndex < 0) { control.value = ''; }
        });
        apply(form);
      });
    }
    reveal(place.anchor);
    save(place.anchor);
  }

  forms.forEach(function (form) {
    form.hidden = false;
    form.addEventListener('submit', function (event) { event.preventDefault(); });
    form.addEventListener('input', function () { apply(form); save(form.dataset.for); });
    form.addEventListener('reset', function () {
      setTimeout(function () { apply(form); save(form.dataset.for); }, 0);
    });
  });
  window.addEventListener('hashchange', arrive);
  if (location.hash) { arrive(); }
}());
