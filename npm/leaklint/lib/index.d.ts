/** The version of this package and of the program. */
export declare const version: string;

/**
 * The path of the program: `LEAKLINT_BINARY`, or that of the package for this platform. For editors and hooks, which need no
 * Node in between.
 *
 * @throws an error that says what to do when there is none
 */
export declare function binaryPath(): string;

/** The packages that could hold the program for a machine, the best first. */
export declare function candidates(platform?: string, arch?: string, musl?: boolean): string[];
