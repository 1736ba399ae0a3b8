/** Share of photos of which what is said by a threshold is to hold: their class is named, they are not called foreign. */
export const coverage = 0.95;
