export const rooms: readonly (readonly [room: string, others: readonly string[]])[];
export const packages: readonly (readonly [name: string, others: readonly string[]])[];
