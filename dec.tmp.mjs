import sharp from "sharp";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
const base = "../shared/data/cats-vs-dogs-small/train";
const photos = readdirSync(base).flatMap(c=>readdirSync(join(base,c)).slice(0,400).map(f=>readFileSync(join(base,c,f))));
async function time(name, f) { for (const p of photos.slice(0,50)) await f(p); const c=process.cpuUsage(); const t=performance.now(); for (const p of photos) await f(p); const u=process.cpuUsage(c); console.log(name.padEnd(30), "wall", ((performance.now()-t)/photos.length).toFixed(3), "user", (u.user/1000/photos.length).toFixed(3), "sys", (u.system/1000/photos.length).toFixed(3)); }
for (let r=0;r<2;r++){
await time("metadata", p=>sharp(p,{failOn:"error"}).metadata());
await time("raw", p=>sharp(p).raw().toBuffer());
await time("raw failOn error", p=>sharp(p,{failOn:"error"}).raw().toBuffer());
await time("autoOrient", p=>sharp(p,{failOn:"error",autoOrient:true}).raw().toBuffer());
await time("+flatten", p=>sharp(p,{failOn:"error",autoOrient:true}).flatten({background:"#fff"}).raw().toBuffer());
await time("+srgb", p=>sharp(p,{failOn:"error",autoOrient:true}).flatten({background:"#fff"}).toColourspace("srgb").removeAlpha().raw({depth:"uchar"}).toBuffer({resolveWithObject:true}));
await time("full", async p=>{const i=sharp(p,{failOn:"error",autoOrient:true,limitInputPixels:false}); await i.metadata(); return i.flatten({background:"#fff"}).toColourspace("srgb").removeAlpha().raw({depth:"uchar"}).toBuffer({resolveWithObject:true})});
await time("seq false", p=>sharp(p,{sequentialRead:false}).raw().toBuffer());
}
