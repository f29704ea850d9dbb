// Markers, clusters and cards of the map. Every text from the directory is written as text, never as HTML.
"use strict";

var ihala = (function () {
  var given = null; // what the map's script hands over: cards, colours, words
  var outlines = { countries: [], regions: [] };

  var Dot = L.DivIcon.extend({
    createIcon: function (old) {
      var element = L.DivIcon.prototype.createIcon.call(this, old);
      element.style.background = this.options.colour;
      return element;
    },
  });

  var Ring = L.DivIcon.extend({
    createIcon: function (old) {
      var element = L.DivIcon.prototype.createIcon.call(this, old);
      element.style.background = this.options.slices;
      var number = document.createElement("span");
      number.textContent = this.options.count;
      element.replaceChildren(number);
      return element;
    },
  });

  function marker(kind) {
    return function (row) {
      var card = given.cards[row[2]];
      var made = L.marker([row[0], row[1]], {
        icon: dotOf(kind, row[3]),
        title: card.name,
        alt: card.name,
      });
      made.ihalaKind = row[3];
      made.bindPopup(function () { return cardOf(card); }, { maxWidth: 300, minWidth: 220 });
      return made;
    };
  }

  var dots = {};
  function dotOf(kind, index) {
    var key = kind + index;
    if (!dots[key]) {
      dots[key] = new Dot({ className: "dot", html: false, iconSize: [16, 16], colour: given.colours[kind][index] });
    }
    return dots[key];
  }

  function clusterIcon(kind) {
    return function (cluster) {
      var counts = given.colours[kind].map(function () { return 0; });
      cluster.getAllChildMarkers().forEach(function (each) { counts[each.ihalaKind] += 1; });
      var total = cluster.getChildCount();
      var size = total < 10 ? 34 : total < 100 ? 40 : total < 1000 ? 48 : 56;
      return new Ring({
        className: "ring",
        html: false,
        iconSize: [size, size],
        count: total,
        slices: slicesOf(counts, given.colours[kind], total),
      });
    };
  }

  function slicesOf(counts, colours, total) {
    var from = 0;
    var parts = [];
    counts.forEach(function (count, index) {
      if (count === 0) { return; }
      var to = from + (100 * count) / total;
      parts.push(colours[index] + " " + from.toFixed(2) + "% " + to.toFixed(2) + "%");
      from = to;
    });
    return "conic-gradient(" + parts.join(", ") + ")";
  }

  function cardOf(card) {
    var words = given.words;
    var element = document.createElement("div");
    element.className = "card";
    add(element, "h3", card.name);
    card.services.forEach(function (each) { add(element, "p", each); });
    card.unsure.forEach(function (each) { add(element, "p", each + " (" + words.unsure + ")", "unsure"); });
    var list = add(element, "dl", "");
    line(list, words.places, card.places);
    line(list, words.reported, card.reported);
    line(list, words.reach, card.reach);
    line(list, words.phone, card.phone);
    line(list, words.verified, card.verified);
    return element;
  }

  function add(parent, tag, text, className) {
    var element = document.createElement(tag);
    element.dir = "auto";
    element.textContent = text;
    if (className) { element.className = className; }
    parent.appendChild(element);
    return element;
  }

  function line(list, label, text) {
    if (!text) { return; }
    add(list, "dt", label);
    add(list, "dd", text);
  }

  function drawOutlines(map) {
    var pane = map.createPane("outlines");
    pane.style.zIndex = 250; // below everything that is drawn
    pane.style.pointerEvents = "none";
    var renderer = L.canvas({ pane: "outlines", padding: 0.4 });
    var options = { pane: "outlines", renderer: renderer, interactive: false, smoothFactor: 1.2 };
    L.geoJSON(outlines.countries, Object.assign({}, options, {
      style: function (feature) {
        var undetermined = feature.properties.undetermined === true;
        return {
          color: "#8d9aa3",
          weight: 1,
          dashArray: undetermined ? "4 4" : null,
          fillColor: "#f4f1ea",
          fillOpacity: 1,
        };
      },
    })).addTo(map);
    L.geoJSON(outlines.regions, Object.assign({}, options, {
      style: { color: "#d5d2c8", weight: 0.8, fill: false },
    })).addTo(map);
  }

  function countCells(cells) {
    cells.eachLayer(function (cell) {
      var number = document.createElement("span");
      number.textContent = cell.feature.properties.count;
      cell.bindTooltip(number, { permanent: true, direction: "bottom", offset: [0, 10], className: "cell-count" });
    });
  }

  function begin(handed) {
    given = handed;
    var status = document.getElementById("map-status");
    if (status) { status.remove(); }
  }

  function end(map) {
    map.attributionControl.setPrefix("Leaflet");
    map.attributionControl.addAttribution('<span dir="auto">' + given.attribution + "</span>"); // our own words
    if (window.innerWidth < 700) {
      foldLayers(map);
    } else {
      L.control.scale({ imperial: false }).addTo(map);
    }
    document.getElementById("map").setAttribute("data-drawn", "yes");
  }

  // On a telephone the list of layers would hide the map: it folds into its button.
  function foldLayers(map) {
    var control = map.getContainer().querySelector(".leaflet-control-layers");
    if (!control) { return; }
    control.classList.remove("leaflet-control-layers-expanded");
    control.addEventListener("click", function () { control.classList.add("leaflet-control-layers-expanded"); });
    map.on("click movestart", function () { control.classList.remove("leaflet-control-layers-expanded"); });
  }

  function failed() {
    var status = document.getElementById("map-status");
    if (status) { status.textContent = status.getAttribute("data-failed"); }
  }

  function ready() {
    // a script of the map that did not come or did not run leaves its message behind
    window.addEventListener("load", function () { if (given === null) { failed(); } });
    document.querySelectorAll("form[data-submit-on-change] select").forEach(function (each) {
      each.addEventListener("change", function () { each.form.requestSubmit(); });
    });
  }

  ready();
  return {
    begin: begin,
    end: end,
    marker: marker,
    clusterIcon: clusterIcon,
    countCells: countCells,
    drawOutlines: drawOutlines,
    setOutlines: function (all) { outlines = all; },
  };
})();
