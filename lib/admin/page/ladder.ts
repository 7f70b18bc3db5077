/** The way of one message as a ladder: who sent what to whom, in order. What it draws stands below it in words, too. */
import { html } from 'hono/html';
import type { MessageWay, WayStep } from '../../silo/manage/operations.ts';
import { timeOf, type Html } from './layout.ts';

const [SENDER, SILO, DEVICE] = [70, 250, 430];
const STEP = 40;

export function ladder({ steps }: MessageWay): Html {
  const height = 50 + steps.length * STEP;
  const lives: readonly (readonly [number, string])[] = [
    [SENDER, 'sender'],
    [SILO, 'silo'],
    [DEVICE, 'device'],
  ];
  return html`<svg
    class="ladder"
    viewBox="0 0 500 ${height}"
    role="img"
    aria-label="The way of the message; the list below says the same"
  >
    ${lives.map(
      ([x, name]) =>
        html`<text x="${x}" y="16" text-anchor="middle">${name}</text>
          <line class="life" x1="${x}" y1="24" x2="${x}" y2="${height - 6}" />`,
    )}
    ${steps.map((step, index) => rung(step, 56 + index * STEP))}
  </svg>`;
}

function rung(step: WayStep, y: number): Html {
  switch (step.what) {
    case 'accepted':
      return html`${arrow(SENDER, SILO, y)}<text x="${(SENDER + SILO) / 2}" y="${y - 6}" text-anchor="middle"
          >MESSAGE, 202</text
        >`;
    case 'attempt':
      return html`${arrow(SILO, DEVICE, y)}<text x="${(SILO + DEVICE) / 2}" y="${y - 6}" text-anchor="middle"
          >MESSAGE, ${step.status ?? ''}</text
        >`;
    case 'moved':
    case 'ended':
      return html`<text x="${SILO}" y="${y - 6}" text-anchor="middle">${step.text.slice(0, 60)}</text>`;
  }
}

function arrow(from: number, to: number, y: number): Html {
  return html`<line x1="${from}" y1="${y}" x2="${to}" y2="${y}" /><path
      fill="none"
      d="M${to - 8} ${y - 5} L${to} ${y} L${to - 8} ${y + 5}"
    />`;
}

export function stepList({ steps }: MessageWay, now: number): Html {
  return html`<ol>
    ${steps.map(
      ({ at, text, contact }) =>
        html`<li>
          ${timeOf(at, now)}: ${text}${contact === undefined ? '' : html` (to <code>${contact}</code>)`}
        </li>`,
    )}
  </ol>`;
}
