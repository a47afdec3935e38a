<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1">
<context>
    <name>Scumble</name>
    <message>
        <location filename="../compare.py"/>
        <source>Hold it to see your paint instead of the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../compare.py"/>
        <source>Split view: your paint left of a line, the picture right of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../compare.py"/>
        <source>Where the paint ends and the picture begins</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Scumble</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Use Scumble's own model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>A small model that comes with Scumble and needs nothing else</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Switch Instant Preview off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Then the picture follows the brush during the stroke (View &gt; Instant Preview Mode)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Get a model…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>A list of models, with sizes and licences</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>ONNX Runtime runs the models; it is got from its makers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Strength: 0 keeps your paint as it is, 1 takes nothing from it but the place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Steer by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Last pictures</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>More</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>A picture of the layers below, while you paint; off, it is hidden</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Apply</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Puts the picture into an ordinary layer below, to paint on; live goes on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Keep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Puts the picture into a hidden layer above, to come back to</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Another picture of the same paint and prompt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>What it must not show</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Used while guidance is above 1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>More steps: finer and slower</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>How strictly the prompt is followed; up to 1 is off, and faster</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>How closely this model keeps to the paint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Keep to paint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>The same seed, settings and paint make the same picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Locked: the seed stays. Unlocked: Apply draws a new one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Guidance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Sampler</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Opacity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Paint outside selection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Where something is selected only that is rendered; ticked, the rest of the rectangle around it has your paint, else nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Keep transparency</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Where your paint is transparent, so is the picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Choose a model's folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Choose the folder of your LoRAs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>● Live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Get ONNX Runtime</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Use the graphics card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Steer by ({n})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>{text} ({size})…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../extension.py"/>
        <source>Live Layer On or Off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../extension.py"/>
        <source>Apply Live Picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../extension.py"/>
        <source>Keep Live Picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../extension.py"/>
        <source>New Seed for Live Layer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../extension.py"/>
        <source>Compare with Paint (hold)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../extension.py"/>
        <source>Split View: Paint and Picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../getting.py"/>
        <source>{n} GB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../getting.py"/>
        <source>{n} MB</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>Scumble's group is not whole any more; delete it and start live again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>Select a layer first: the live layer is made above it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>The live layer was removed, so live is off. Start it again to make a new one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>Scumble's group was taken apart, so live is off. Delete the rest of it, then press Live.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>The paint tap must stay below the live picture; live is off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>The live picture was merged into another layer, so live is off. Undo that, or delete Scumble's group and press Live.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>The layer group “{name}” hides what lies below it from Scumble; live is off. Switch on its pass-through mode (the brick wall in the Layers docker), then press Live.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>The live picture has other colours than the document ({own}), so live is off. Delete Scumble's group and start live again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>The live layer was undone, so live is off. Start it again to make a new one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../group.py"/>
        <source>This document is {width} × {height} pixels; Scumble renders up to {most} a side. Scale it or crop it first (Image menu).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../history_strip.py"/>
        <source>A click brings the words and settings of a picture back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../history_strip.py"/>
        <source>Back to its words and settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../history_strip.py"/>
        <source>Put this picture into a hidden layer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../history_strip.py"/>
        <source>no words</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../history_strip.py"/>
        <source>seed {n}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../history_strip.py"/>
        <source>strength {n}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../layer_pixels.py"/>
        <source>Krita gives Scumble no pixels of “{name}”, so it steers nothing: show it, or choose another layer under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../layer_pixels.py"/>
        <source>“{name}” is linked to a picture that is not RGB ({kind}), so it steers nothing: choose “Keep the linked picture in the document” in its list of layers under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../layer_pixels.py"/>
        <source>“{name}” is not RGB ({kind}), so it steers nothing: use Layer &gt; Convert &gt; Convert Layer Color Space, or choose another layer under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../layer_pixels.py"/>
        <source>“{name}” is empty, so it is no reference: paint on it, or choose another layer under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Open or make a document first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>There is no picture yet that could be put into a layer. Wait for one, then press Apply or Keep again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>There is no live layer in this document yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../log.py"/>
        <source>Scumble met an error of its own ({error}). Details are in {file}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../loop.py"/>
        <source>Live is off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>The model that renders: Scumble's own, one that you get, or a folder of yours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>On what models run, in all documents. The best there is: a graphics card that ONNX Runtime can use, else the processor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>Share the model between programs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>Krita, GIMP and others where this is ticked load a model once for all, and render by turns</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>Runs on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>not among your models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>Choose a folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>the best there is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>the processor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>the processor, by OpenVINO</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>the graphics card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../model_row.py"/>
        <source>the NVIDIA graphics card</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../models.py"/>
        <source>Scumble's own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../models.py"/>
        <source>This document was painted with the model “{name}”, which is not among yours. Choose its folder under Model, or use Scumble's own.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../models.py"/>
        <source>This document is steered by “{name}”, which is not among your files. Take it out of the list under Steer by, or add the file there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../old_picture.py"/>
        <source>Scumble's old picture is hidden: so you see what you paint. Live makes a new one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pictures.py"/>
        <source>“{name}” is no picture that Krita can open. Choose another file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pictures.py"/>
        <source>“{name}” is linked to {path}, which is not there: put the file back, or choose another picture for it under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pictures.py"/>
        <source>“{name}” is linked to {path}, of which Krita shows nothing yet: if it stays so, it is no picture, and another is to be chosen under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pictures.py"/>
        <source>There is no picture on the clipboard: copy one (Edit &gt; Copy, or a picture's file), and choose this once more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pictures.py"/>
        <source>The picture on the clipboard could not be written to {folder}: make room there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pictures.py"/>
        <source>Clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pixels.py"/>
        <source>Scumble renders RGB documents; this one is {model}. Use Image &gt; Convert Image Color Space.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pixels.py"/>
        <source>of another kind</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../pixels.py"/>
        <source>Scumble cannot read {depth} pixels. Use Image &gt; Convert Image Color Space: 8-bit or 16-bit integer, 16-bit or 32-bit float.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../prompt_box.py"/>
        <source>Describe the picture; it follows as you type. Alt+Up brings back what you wrote before</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../prompt_box.py"/>
        <source>What the picture shows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../prompt_box.py"/>
        <source>Last prompts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../region_words.py"/>
        <source>No layer is in this group yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../region_words.py"/>
        <source>What is to be seen where this layer is painted; left empty, it is the layer's name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../regions.py"/>
        <source>“{name}” is no group, so it holds no regions: choose a group of layers for them under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../regions.py"/>
        <source>More than {most} things would steer this document with the layers of “{name}”: merge some of them, or take something out under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../regions.py"/>
        <source>Regions</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../regions.py"/>
        <source>Region 1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../regions.py"/>
        <source>“{name}” is paint, too: move it above Scumble's group, or hide it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Get an Annotator</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Set Up ONNX Runtime</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Get a Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Any other: OWNER/NAME</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>A repository with a model in ONNX form; its licence is shown first</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>I have read the licence and agree to it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Get</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>What has arrived is kept, and goes on from there the next time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>What is being downloaded goes on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Press Look, and it is told what it is, how large, and under which licence. Nothing is downloaded before you agree.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Look</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Use It</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Go On</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Asking what there is…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Read the licence and agree to it, and it is downloaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Another program is getting it; this goes on when that is done.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>{done} of {all}, {speed} a second · {file}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>{name} is here and chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>{name} is here, and used when the stroke ends.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>{name} is here, and used from the next stroke on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>{size} · is here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>{part} of {size} are here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>{size} · will not run well here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Download: {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>the whole text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../shop.py"/>
        <source>Licence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../stack.py"/>
        <source>“{name}” is the lowest layer of the document, and Krita can put nothing below it: add a layer and move it to the bottom first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Some of what this document keeps for Scumble is damaged or of a later version: it is left out, and stays in the document until you change a setting.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Live is off. Press Live, and a picture of your paint follows your brush.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Loading the model…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>The live layer is hidden; it rests until it is shown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Nothing on the canvas is selected, so nothing is rendered. Deselect to render all of it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Live rests while the animation plays.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>“{name}” shows onion skins, and they are read as paint. Switch them off (the bulb in the Animation Timeline docker).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Instant Preview is on: the picture rests while you paint and follows after each stroke.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Rendering the first picture…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>picture in {frame}, after the stroke {stroke}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Rendering</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>Up to date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>{n} ms</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../status.py"/>
        <source>{n} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_files.py"/>
        <source>ControlNets (*.onnx)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_files.py"/>
        <source>LoRAs (*.safetensors)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_files.py"/>
        <source>Pictures ({suffixes})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Add…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>A ControlNet, which follows what is painted on a layer of its own, a LoRA, a reference picture; their files may be dropped here, too</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>ControlNet from a file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>LoRA from a file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>For models that read a control picture themselves (FLUX.1 Depth and Canny), without a net</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Control: the model's own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Region with words of its own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Each layer is a region by its name: of the group that is chosen in the stack, or a new one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Regions: the layers of a group</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Reference: what is on a layer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Reference from a picture…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>It is kept in the document</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The document keeps where the file lies, and follows it when it changes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Reference linked to a picture's file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Reference from the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>A network that makes control pictures (depth, pose…) of what a ControlNet follows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Get an annotator…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>LoRA from your folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Folder of LoRAs…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Where the LoRAs lie that a prompt names, &lt;lora:name:0.8&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Takes it out of the list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>How much it steers: 0 is not at all, 1 as it was made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>In which part of the steps it steers: early ones lay out the picture, late ones make detail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The part of the steps in which it steers</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The layer that it follows. Hidden, or above Scumble's group, it is not part of the paint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>What is made of the layer before the ControlNet sees it: white lines on black, or what it was trained with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>What is to be seen there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The words of this region: where its layer is painted, in whatever colour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>What of the picture is taken over: how it is painted, where things are, or all of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>choose a layer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>{layer} (linked)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>A picture, kept in the document…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>A picture's file, linked…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The picture on the clipboard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Keep the linked picture in the document</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>as it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The layer as it is; what is transparent is black</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>drawn lines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Lines that are drawn on it, of any colour, on paper or on nothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>lines of a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The lines that somebody would draw of what is painted on it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>edges (Canny)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>The edges of what is painted on it, by Canny's detector</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>blurred</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>What is painted on it, soft, for ControlNets that make detail (tile)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>depth</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>How far away things on it are, as a network sees it (Add… has “Get an annotator…”)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>soft edges</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>Strong and weak edges, as a network sees them (Add… has “Get an annotator…”)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>pose</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>How people stand in it, as a network sees them (Add… has “Get an annotator…”)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>the paint around the selection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>No layer: the paint around what is selected, for ControlNets for inpainting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>all of it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>its style</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steer_list.py"/>
        <source>its layout</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steering.py"/>
        <source>{most} things steer this document, and there can be no more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steering.py"/>
        <source>“{name}” has no layer to read: choose one for it under Steer by.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steering.py"/>
        <source>Region</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../steering.py"/>
        <source>Reference</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Style: {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Style</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Adds to your prompt: {words}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Words and settings under a name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>None</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Save as a style…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Import…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Export “{name}”…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Delete “{name}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Save as a style</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Its name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Words that it adds to the prompt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>You have a style “{name}” already. Replace it?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Styles</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Import a style</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>Export a style</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../style_menu.py"/>
        <source>{file} is there already. Replace it?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../styles.py"/>
        <source>A style needs a name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../styles.py"/>
        <source>The style could not be written to {file}: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../styles.py"/>
        <source>The style “{name}” could not be deleted: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../styles.py"/>
        <source>{file} could not be read: {why}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../styles.py"/>
        <source>{file} is no style of Scumble, or it is damaged.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Back to what the model recommends</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>How much the picture covers your paint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Normal</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Multiply</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Screen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Overlay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Soft Light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Darken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Lighten</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Color</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>Luminosity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>How the picture mixes with your paint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>How noise becomes a picture; a model's own is what it was made for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../widgets.py"/>
        <source>the model's own</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
