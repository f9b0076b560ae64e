/**
 * What the modules speak of.
 *
 * @typedef {any[] | number | string | boolean} Tree
 * @typedef {[string, number[], number[], any]} NodeSpec  operation, operands, shape, data (see graph.py)
 * @typedef {{nodes: NodeSpec[], outputs: Record<string, number>,
 *   equations?: {key: string, step: string, value: number[]}[]}} GraphSpec  what equations define is moved by its `step`
 * @typedef {{set(name: string, values: ArrayLike<number>): boolean, get(output: string): Float64Array,
 *   shown(output: string): Float64Array, has(output: string): boolean, shape(output: string): number[], stamp(output: string): number,
 *   roots(): ArrayLike<number>[] | null, begin(at: ArrayLike<number>[]): void, unsolved(output: string, at: number[][]): Float64Array}} Evaluator
 * @typedef {{onChange?(values: Record<string, number | number[]>): void,
 *   subscribe?(heard: (values: Record<string, number | number[]>) => void): () => void}} Bridge
 * @typedef {{key: string, mathml?: string, entries?: string[], shape: number[], role: string, value: number | number[] | {f4?: string, f8?: string},
 *   min: number, max: number, step?: number, whole?: boolean, serial?: number}} Name
 * @typedef {{key: string, mathml?: string}} Label
 * @typedef {[number, number]} Pair
 *
 * @typedef {ReturnType<typeof import("./dom.js").tools>} Dom
 * @typedef {ReturnType<typeof import("./state.js").hold>} State
 * @typedef {ReturnType<typeof import("./labels.js").labels>} Labels
 * @typedef {{spec: any, own: string, root: HTMLElement, dom: Dom, state: State, play: ReturnType<typeof import("./play.js").player>,
 *   term(word: string, key?: string): any, notes: string[], sees?: string, hues: Map<string, string>, say(text: string): void} & Labels} Panel  all that a panel is
 * @typedef {{panel: Panel, picture: any, dom: Dom, state: State, term: Panel["term"], main: string, rows: Label[], columns: Label[],
 *   width: number, height: number, still: {matches: boolean}, redraw(): void, lens: import("./pictures/lens.js").Lens, walk?: {steps: number}, morph?: {steps: number}, camera?: {yaw: number, pitch: number},
 *   descent?: {steps: number, rate: number, momentum: number, newton: boolean}, hue(key: string): string[], axis(key: string): import("./state.js").Axis,
 *   lettered(key: string, attributes?: Record<string, any>): any, background(...but: string[]): string,
 *   sampler(outputs: string[], axes: import("./state.js").Axis[], own?: Evaluator): (...at: number[]) => ArrayLike<number>,
 *   factored?(output: string, axes: import("./state.js").Axis[]): {rows: string[][], sampler: (keys: string[]) => (...at: number[]) => ArrayLike<number>} | null,
 *   residual(output: string, axis: import("./state.js").Axis): (x: number, y: number) => number}} Place  what a picture is given
 * @typedef {(engine: Evaluator, place: Place) => {node: any, caption: any[], update(): void, end(): void,
 *   svg?: any, canvas?: any, below?: any, light?(i: number, j: number): void, step?(lit: string | null, done: Set<string> | null): void, save?(): any}} Picture
 */

export {};
