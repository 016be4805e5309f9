// The page's only script. It shows what each lane says about the moment under the pointer, the finger or the arrow
// keys. Everything that it shows is in the page without it, too.

export const script = `(() => {
  const chart = document.querySelector('.chart');
  const plot = chart && chart.querySelector('.lane-axis .lane-plot');
  const block = document.getElementById('timeline-readouts');
  if (!plot || !block) return;
  const readouts = JSON.parse(block.textContent);
  const [start, end, zero] = ['start', 'end', 'zero'].map((name) => Number(chart.dataset[name]));
  const crosshair = chart.querySelector('.crosshair');
  const outputs = [...chart.querySelectorAll('.lane-readout')];
  // A lane's own title would cover the readout as a tooltip; it stays as the name that is read aloud.
  for (const svg of chart.querySelectorAll('.lane-plot > svg')) {
    const title = svg.querySelector(':scope > title');
    if (title) { svg.setAttribute('aria-label', title.textContent); title.remove(); }
  }
  const duration = (ms) => {
    const seconds = Math.abs(ms) / 1000;
    if (seconds < 60) return seconds.toFixed(1) + 's';
    return Math.floor(seconds / 60) + 'm' + String(Math.floor(seconds % 60)).padStart(2, '0') + 's';
  };
  const textAt = (readout, share) => {
    let low = 0, high = readout.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (readout[middle][0] <= share * 100) low = middle + 1; else high = middle;
    }
    return low === 0 ? '' : readout[low - 1][1];
  };
  let share;
  const show = (next) => {
    share = Math.min(1, Math.max(0, next));
    const at = start + share * (end - start);
    const area = plot.getBoundingClientRect();
    crosshair.hidden = false;
    crosshair.style.left = area.left - chart.getBoundingClientRect().left + share * area.width + 'px';
    for (const output of outputs) {
      const lane = output.dataset.lane;
      output.textContent = lane === 'time'
        ? 'T' + (at < zero ? '\\u2212' : '+') + duration(at - zero) + ' \\u00b7 ' + new Date(at).toISOString().slice(11, 19)
        : textAt(readouts[lane], share);
      output.hidden = output.textContent === '';
    }
  };
  const hide = () => {
    share = undefined;
    crosshair.hidden = true;
    for (const output of outputs) output.hidden = true;
  };
  const follow = (event) => {
    const area = plot.getBoundingClientRect();
    const next = (event.clientX - area.left) / area.width;
    if (next < -0.01 || next > 1.01) hide(); else show(next);
  };
  chart.addEventListener('pointermove', follow);
  chart.addEventListener('pointerdown', follow);
  chart.addEventListener('pointerleave', hide);
  chart.tabIndex = 0;
  chart.setAttribute('role', 'group');
  chart.setAttribute('aria-label', 'Timeline; the arrow keys read the values of a moment');
  chart.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show((share ?? (zero - start) / (end - start)) + step);
  });
  chart.addEventListener('blur', hide);
})();`;
