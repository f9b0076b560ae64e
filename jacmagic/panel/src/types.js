/**
 * What the modules speak of.
 *
 * @typedef {any[] | number | string | boolean} Tree
 * @typedef {[string, number[], number[], any]} NodeSpec  operation, operands, shape, data (see graph.py)
 * @typedef {{nodes: NodeSpec[], outputs: Record<string, number>}} GraphSpec
 * @typedef {{set(name: string, values: ArrayLike<number>): void, get(output: string): Float64Array,
 *   has(output: string): boolean, shape(output: string): number[], stamp(output: string): number}} Evaluator
 * @typedef {{onChange?(values: Record<string, number | number[]>): void,
 *   subscribe?(heard: (values: Record<string, number | number[]>) => void): () => void}} Bridge
 * @typedef {{key: string, mathml?: string, shape: number[], role: string, value: number | number[],
 *   min: number, max: number, step?: number, whole?: boolean, serial?: number}} Name
 * @typedef {{key: string, mathml?: string}} Label
 * @typedef {[number, number]} Pair
 */

export {};
