/** A tar archive of files, folders and links, by name; what begins with `->` is a link. */
export function tar(members: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const blocks = Object.entries(members).flatMap(([name, content]) => {
    const text = typeof content === "string" ? content : "";
    const link = text.startsWith("->");
    const data = typeof content === "string" ? new TextEncoder().encode(link ? "" : content) : content;
    const header = Buffer.alloc(512);
    header.write(name.slice(0, 100), 0);
    header.write("0000644\0", 100);
    header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write(link ? "2" : name.endsWith("/") ? "5" : "0", 156);
    if (link) header.write(text.slice(2), 157);
    header.write("ustar\0", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const body = Buffer.alloc(Math.ceil(data.length / 512) * 512);
    body.set(data);
    return [header, body];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
