"use strict";
// Patterns on a canvas, from the same tiles as the ones in the page's svg.
function canvasPatterns(tiles) {
  const made = new Map();
  const plain = L.Canvas.prototype._fillStroke;
  L.Canvas.include({
    _fillStroke(context, layer) {
      const named = /^url\(#p-([0-9a-f]{6})-([a-z]+)-([0-9a-f]{6})\)$/.exec(layer.options.fillColor || "");
      if (!named) return plain.call(this, context, layer);
      if (!made.has(named[0])) {
        const tile = document.createElement("canvas");
        tile.width = tile.height = 8;
        const pen = tile.getContext("2d");
        pen.fillStyle = "#" + named[1];
        pen.fillRect(0, 0, 8, 8);
        pen.strokeStyle = "#" + named[3];
        pen.lineWidth = tiles[named[2]][1];
        pen.lineCap = "round";
        pen.stroke(new Path2D(tiles[named[2]][0]));
        made.set(named[0], context.createPattern(tile, "repeat"));
      }
      const options = layer.options;
      layer.options = { ...options, fillColor: made.get(named[0]) };
      plain.call(this, context, layer);
      layer.options = options;
    },
  });
}
