"use strict";
/*
 * Zoom and search for a flame graph. Every frame is a group of title, rect and text (the text only
 * where there is room); the title is the frame's name, then its numbers on a line of their own.
 */
(function () {
	var svg = document.currentScript.ownerSVGElement;
	var XHTML = "http://www.w3.org/1999/xhtml";
	var CHARACTER = 7.23; /* its width in pixels, as in flame_graph.c */
	var SIDE = 10;
	var NARROW = 800; /* a window */
	var THIN = 4; /* pixels: no room for an outline */
	var LEAST = 0.001; /* an overlap of less, in percent, comes from rounding */
	var box = svg.getElementById("frames");
	var details = svg.getElementById("details");
	var detailsText = details.querySelector("text");
	var bottom = +details.getAttribute("data-y");
	var frames = [], all, zoomed, input, matched, reset;

	function make(parent, name, attributes) {
		var element = document.createElementNS(svg.namespaceURI, name);

		for (var key in attributes)
			element.setAttribute(key, attributes[key]);
		return parent.appendChild(element);
	}

	function read(group) {
		var rect = group.querySelector("rect"), text = group.querySelector("text");
		var lines = group.querySelector("title").textContent.split("\n");

		return { group: group, rect: rect, text: text, name: lines[0], numbers: lines[1] || "",
			x: parseFloat(rect.getAttribute("x")), width: parseFloat(rect.getAttribute("width")),
			y: +rect.getAttribute("y") };
	}

	/* The name, without the package's path where that is too long, or what fits of it. */
	function label(name, room) {
		var most = Math.floor((room - 6) / CHARACTER);
		var plain = name.search(/[[(]/);
		var slash = name.lastIndexOf("/", plain < 0 ? name.length : plain);

		if (Array.from(name).length > most)
			name = name.slice(slash + 1);
		if (Array.from(name).length <= most)
			return name;
		return most < 3 ? "" : Array.from(name).slice(0, most - 1).join("") + "\u2026";
	}

	function draw(frame, x, width, pixels) {
		var text = label(frame.name, width / 100 * pixels);

		frame.group.style.display = "";
		frame.group.classList.toggle("thin", width / 100 * pixels < THIN);
		frame.rect.setAttribute("x", x + "%");
		frame.rect.setAttribute("width", width + "%");
		if (text && !frame.text)
			frame.text = make(frame.group, "text", { dx: 4, y: frame.y + 13 });
		if (!frame.text)
			return;
		frame.text.setAttribute("x", x + "%");
		frame.text.textContent = text;
	}

	/* What lies beside the zoomed frame goes; those that it stands on get the whole width. */
	function layout() {
		var end = zoomed.x + zoomed.width, pixels = box.getBoundingClientRect().width;

		frames.forEach(function (frame) {
			var from = Math.max(frame.x, zoomed.x);
			var to = Math.min(frame.x + frame.width, end);
			var below = frame.y > zoomed.y;

			frame.group.classList.toggle("below", below);
			if (to - from < Math.min(LEAST, frame.width / 2))
				frame.group.style.display = "none";
			else if (below || frame === zoomed)
				draw(frame, 0, 100, pixels);
			else
				draw(frame, (from - zoomed.x) / zoomed.width * 100,
					(to - from) / zoomed.width * 100, pixels);
		});
		reset.style.display = zoomed === all ? "none" : "";
	}

	function zoom(frame) {
		zoomed = frame;
		layout();
		search();
	}

	/* At the foot of the picture, or of the window where that ends before. */
	function place() {
		var seen = window.innerHeight - svg.getBoundingClientRect().top;

		details.setAttribute("transform", "translate(0," + Math.min(bottom, seen - 26) + ")");
	}

	function resize() {
		var width = Math.max(document.documentElement.clientWidth || window.innerWidth, 400), head;

		svg.setAttribute("width", width);
		svg.removeAttribute("viewBox");
		box.setAttribute("width", width - 2 * SIDE);
		/* Beside the title, or where that has no room for it, at the foot. */
		head = width < NARROW ? bottom + 28 : 12;
		input.parentNode.setAttribute("x", width - SIDE - 220);
		input.parentNode.setAttribute("y", head);
		matched.setAttribute("y", width < NARROW ? bottom + 22 : 56);
		reset.setAttribute("y", head + 17);
		matched.setAttribute("x", width - SIDE);
		reset.setAttribute("x", width - SIDE - 232);
		layout();
		place();
	}

	function show(frame) {
		var text = frame ? frame.name + ": " + frame.numbers :
			"click a frame to zoom into it, Escape to get out again";

		if (frame && zoomed !== all && frame.y <= zoomed.y)
			text += ", " + (frame.width / zoomed.width * 100).toFixed(2) + "% of " + zoomed.name;
		detailsText.textContent = text;
	}

	/* Frames come with callers first, so that what stands on a match is not counted again. */
	function search() {
		var regex = null, bad = false, sum = 0, end = -1;

		try {
			regex = input.value ? new RegExp(input.value, "i") : null;
		} catch (error) {
			bad = true;
		}
		input.style.borderColor = bad ? "#c3262b" : "#9fb4ba";
		frames.forEach(function (frame) {
			var match = !!regex && frame !== all && regex.test(frame.name);

			frame.group.classList.toggle("match", match);
			if (match && frame.x > end - LEAST) {
				sum += frame.width;
				end = frame.x + frame.width;
			}
		});
		matched.textContent = bad ? "not a regular expression" :
			regex ? "matches: " + Math.min(sum, 100).toFixed(1) + "% of all" : "";
	}

	function frameAt(event) {
		var group = event.target.closest("#frames g");

		return group ? frames[+group.getAttribute("data-i")] : null;
	}

	function onKey(event) {
		if ((event.ctrlKey || event.metaKey) && event.key === "f" || event.key === "F3") {
			event.preventDefault();
			input.focus();
			input.select();
		} else if (event.key === "Escape" && input.value) {
			input.value = "";
			search();
		} else if (event.key === "Escape") {
			zoom(all);
		}
	}

	function controls() {
		var holder = make(svg, "foreignObject", { width: 220, height: 28 });

		input = document.createElementNS(XHTML, "input");
		input.setAttribute("id", "search");
		input.setAttribute("placeholder", "search: Ctrl-F, a regex");
		input.setAttribute("style", "box-sizing: border-box; width: 220px; height: 26px; " +
			"padding: 0 6px; font: 12px monospace; border: 1px solid #9fb4ba; border-radius: 4px");
		holder.appendChild(input);
		matched = make(svg, "text", { id: "matched", "text-anchor": "end" });
		reset = make(svg, "text", { id: "reset", "text-anchor": "end", "class": "button" });
		reset.textContent = "reset zoom";
	}

	Array.prototype.forEach.call(box.querySelectorAll("g"), function (group, i) {
		group.setAttribute("data-i", i);
		frames.push(read(group));
	});
	all = zoomed = frames[0];
	controls();
	input.addEventListener("input", search);
	reset.addEventListener("click", function () { zoom(all); });
	box.addEventListener("click", function (event) { zoom(frameAt(event) || zoomed); });
	box.addEventListener("mouseover", function (event) { show(frameAt(event)); });
	box.addEventListener("mouseleave", function () { show(null); });
	window.addEventListener("keydown", onKey);
	window.addEventListener("resize", resize);
	window.addEventListener("scroll", place);
	show(null);
	resize();
	window.scrollTo(0, document.documentElement.scrollHeight || bottom);
})();
