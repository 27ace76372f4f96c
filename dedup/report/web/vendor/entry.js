// What the page of the report takes from other people's libraries; scripts/vendor bundles it.
export { axisBottom, axisLeft } from "d3-axis";
export { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from "d3-force";
export { scaleBand, scaleLinear } from "d3-scale";
export { select } from "d3-selection";
export { area, line } from "d3-shape";
export { zoom, zoomIdentity } from "d3-zoom";
export { diffArrays } from "diff";
