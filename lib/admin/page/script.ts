/** The one script: logs in with the token behind the # of the address, and draws what happens. Without it everything else works. */
export const SCRIPT = `'use strict';
const login = document.querySelector('form.login');
const token = new URLSearchParams(location.hash.slice(1)).get('token');
if (login && token) {
  history.replaceState(null, '', location.pathname);
  login.elements.token.value = token;
  login.submit();
}
const charts = document.querySelectorAll('[data-event]');
if (charts.length > 0) {
  const SECONDS = 60;
  const series = [...charts].map((chart) => {
    const [event, field, value] = chart.dataset.event.split(' ');
    return { chart, event, field, value, counts: new Array(SECONDS).fill(0) };
  });
  const source = new EventSource('/api/events');
  for (const name of new Set(series.map(({ event }) => event)))
    source.addEventListener(name, ({ data }) => {
      const said = JSON.parse(data);
      for (const one of series)
        if (one.event === name && (!one.field || said[one.field] === one.value)) one.counts[SECONDS - 1]++;
    });
  const draw = () => {
    for (const { chart, counts } of series) {
      const most = Math.max(1, ...counts);
      const points = counts.map((n, at) => at + ',' + (20 - (20 * n) / most).toFixed(2));
      chart.querySelector('polyline').setAttribute('points', points.join(' '));
      chart.querySelector('output').textContent = counts.reduce((sum, n) => sum + n, 0) + ' in the last minute';
      counts.shift();
      counts.push(0);
    }
  };
  draw();
  setInterval(draw, 1000);
  addEventListener('pagehide', () => source.close());
}
`;
