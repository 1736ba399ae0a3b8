// The program of the page that `graft export --to html` writes. In front of it stands ONNX Runtime Web, as `ort`. It runs in browsers, so it is
// no module of the package: it is read as text.

/** What the page is about: labels, size, and from when on an answer is doubtful. */
const about = JSON.parse(document.getElementById("about").textContent);

/** Pixels of a photo that are looked at at most: browsers refuse larger canvases. A larger photo is shrunk on the way. */
const mostPixels = 2 ** 24;

/** Classes that are shown at once. */
const shown = 5;

/** Side of small pictures beside answers. */
const thumbnail = 384;

const byId = (id) => document.getElementById(id);
const [files, drop, camera, viewer, video, take, stop, status, results] = [
  ...["files", "drop", "camera", "viewer", "video", "take", "stop", "status", "results"],
].map(byId);

/** @returns the bytes in a block of the page: base64 of gzip */
async function bytesIn(id) {
  const block = byId(id);
  const text = atob(block.textContent);
  block.remove();
  const packed = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) packed[index] = text.charCodeAt(index);
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/** Opens the classifier. */
async function open() {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await bytesIn("wasm");
  return ort.InferenceSession.create(await bytesIn("model"), { executionProviders: ["wasm"] });
}

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/** Draws a picture on white, as transparent photos are laid on for the training. */
function drawn(source, width, height) {
  const canvas = canvasOf(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0, width, height);
  return { canvas, context };
}

/** What is fed: red, green and blue of each pixel. */
function pixelsOf(source, fullWidth, fullHeight) {
  const scale = Math.min(1, Math.sqrt(mostPixels / (fullWidth * fullHeight)));
  const width = Math.max(1, Math.round(fullWidth * scale));
  const height = Math.max(1, Math.round(fullHeight * scale));
  const { context } = drawn(source, width, height);
  const { data } = context.getImageData(0, 0, width, height, { colorSpace: "srgb" });
  const pixels = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    pixels[to++] = data[from];
    pixels[to++] = data[from + 1];
    pixels[to++] = data[from + 2];
  }
  return new ort.Tensor("uint8", pixels, [1, height, width, 3]);
}

/** What the classifier says of a picture. */
async function answer(session, source, width, height) {
  const { probabilities, distance } = await session.run({ image: pixelsOf(source, width, height) });
  const numbers = Array.from(probabilities.data);
  if (numbers.some((number) => !Number.isFinite(number))) throw new Error("The classifier gave no numbers.");
  return { numbers, distance: distance === undefined ? undefined : distance.data[0] };
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** One class with its probability, in words and as a bar. */
function row({ label, probability }) {
  const item = element("li");
  item.dataset.label = label;
  item.dataset.probability = String(probability);
  const bar = element("div", undefined, "bar");
  const filled = element("span");
  filled.style.width = `${100 * probability}%`;
  bar.append(filled);
  item.append(element("span", label), element("span", percent(probability), "share"), bar);
  return item;
}

function list(rows) {
  const made = element("ul", undefined, "classes");
  made.append(...rows.map(row));
  return made;
}

/** What makes an answer doubtful, in words. */
function doubts(sorted, distance) {
  const { setThreshold, distanceThreshold } = about;
  const told = [];
  if (distance !== undefined && distanceThreshold !== undefined && distance > distanceThreshold) {
    told.push("This is like nothing that it has learned from: the label means little.");
  }
  const possible = setThreshold === undefined ? [] : sorted.filter(({ probability }) => probability >= setThreshold);
  if (possible.length > 3) told.push(`A guess: ${possible.length} classes are possible.`);
  else if (possible.length > 1) told.push(`It lies between ${possible.map(({ label }) => label).join(" and ")}.`);
  return told;
}

/** Puts an answer above those before it. */
function show(name, picture, body) {
  const item = element("li");
  item.dataset.photo = name;
  const side = element("div");
  if (picture !== undefined) {
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", name);
    side.append(picture);
  }
  const text = element("div");
  text.append(...body, element("p", name, "name"));
  item.append(side, text);
  byId("none").hidden = true;
  results.prepend(item);
}

function showAnswer(name, source, width, height, { numbers, distance }) {
  const sorted = about.labels
    .map((label, index) => ({ label, probability: numbers[index] }))
    .sort((a, b) => b.probability - a.probability);
  const [best] = sorted;
  const scale = Math.min(1, thumbnail / Math.max(width, height));
  const { canvas } = drawn(source, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const body = [
    element("h3", `${best.label}, ${percent(best.probability)}`),
    ...doubts(sorted, distance).map((text) => element("p", text, "doubt")),
    list(sorted.slice(0, shown)),
  ];
  if (sorted.length > shown) {
    const rest = element("details");
    rest.append(element("summary", `All ${sorted.length} classes`), list(sorted.slice(shown)));
    body.push(rest);
  }
  show(name, canvas, body);
  status.textContent = `${name}: ${best.label}, ${percent(best.probability)}`;
}

function showFailure(name, reason) {
  show(name, undefined, [element("h3", "Not read", "failed"), element("p", reason)]);
  status.textContent = `${name} could not be read.`;
}

/** Lets the page be drawn before the engine takes the thread. */
const nextFrame = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Work in its order, one photo at a time; what comes before the classifier is open waits for it. */
let last = Promise.resolve();

function inTurn(work) {
  last = last.then(work, work);
  return last;
}

/** Why a file cannot be shown. */
function unreadable({ name = "", type = "" }) {
  return /^image\/hei[cf]/i.test(type) || /\.(heic|heif)$/i.test(name)
    ? "This browser shows no HEIC pictures: save it as JPEG first."
    : "It is no picture that this browser can show.";
}

/** Looks at a file. */
function lookAtFile(opened, file) {
  const name = file.name === undefined || file.name === "" ? "Pasted picture" : file.name;
  return inTurn(async () => {
    const session = await opened.catch(() => undefined);
    // The status says why.
    if (session === undefined) return;
    status.textContent = `Looking at ${name} …`;
    await nextFrame();
    let bitmap;
    try {
      bitmap = await createImageBitmap(file, { imageOrientation: "from-image", premultiplyAlpha: "default" });
    } catch {
      showFailure(name, unreadable(file));
      return;
    }
    try {
      const { width, height } = bitmap;
      showAnswer(name, bitmap, width, height, await answer(session, bitmap, width, height));
    } catch (error) {
      showFailure(name, error instanceof Error ? error.message : String(error));
    } finally {
      bitmap.close();
    }
  });
}

function lookAtFiles(opened, chosen) {
  for (const file of chosen) void lookAtFile(opened, file);
}

/** Files that were dropped or pasted. */
const filesIn = (transfer) => [...(transfer?.files ?? [])];

/** From the beginning: a browser would open a photo in the place of a page that does not take what is dropped on it. */
function listen(opened) {
  files.addEventListener("change", () => {
    lookAtFiles(opened, [...files.files]);
    // The same file can then be chosen again.
    files.value = "";
  });
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const type of ["dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.remove("over");
    });
  }
  document.addEventListener("drop", (event) => lookAtFiles(opened, filesIn(event.dataTransfer)));
  document.addEventListener("paste", (event) => lookAtFiles(opened, filesIn(event.clipboardData)));
}

function stopCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  viewer.hidden = true;
  camera.hidden = false;
}

/** Shows what the camera sees, once there is a picture to take: the buttons for it come only then. */
async function startCamera() {
  status.textContent = "Asking for the camera …";
  camera.disabled = true;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    await video.play();
  } catch (error) {
    stopCamera();
    status.textContent = `The camera cannot be used: ${error instanceof Error ? error.message : String(error)}`;
    return;
  } finally {
    camera.disabled = false;
  }
  viewer.hidden = false;
  camera.hidden = true;
  status.textContent = "The camera is on.";
  take.focus();
}

function listenToCamera(session) {
  if (navigator.mediaDevices?.getUserMedia === undefined) return;
  camera.hidden = false;
  camera.disabled = false;
  let pictures = 0;
  camera.addEventListener("click", () => void startCamera());
  stop.addEventListener("click", () => {
    stopCamera();
    status.textContent = "The camera is off.";
    camera.focus();
  });
  take.addEventListener("click", () => {
    const { videoWidth: width, videoHeight: height } = video;
    const { canvas } = drawn(video, width, height);
    const name = `Picture ${++pictures}`;
    void inTurn(async () => {
      status.textContent = `Looking at ${name} …`;
      await nextFrame();
      try {
        showAnswer(name, canvas, width, height, await answer(session, canvas, width, height));
      } catch (error) {
        showFailure(name, error instanceof Error ? error.message : String(error));
      }
    });
  });
}

const opened = open();
listen(opened);
try {
  const session = await opened;
  listenToCamera(session);
  files.disabled = false;
  status.textContent = "Ready.";
} catch (error) {
  status.textContent = `This browser cannot run the classifier: ${error instanceof Error ? error.message : String(error)}`;
}
