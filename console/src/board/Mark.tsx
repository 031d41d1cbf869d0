/** The mark of Polycentre: four places that are one. */
export function Mark() {
  return (
    <svg viewBox="0 0 26 16" width="1.625rem" height="1rem" aria-hidden="true">
      <path
        d="M4 9 9.5 5M9.5 5l5 6M9.5 5Q17 1 22 8M4 9l10.5 2"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        opacity="0.5"
      />
      <g fill="currentColor">
        <circle cx="4" cy="9" r="2.4" />
        <circle cx="9.5" cy="5" r="3" />
        <circle cx="14.5" cy="11" r="2.4" />
        <circle cx="22" cy="8" r="3" />
      </g>
    </svg>
  );
}
