export function undocumented(entry: string): string[];
