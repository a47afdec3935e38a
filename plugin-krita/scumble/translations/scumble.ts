<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1">
<context>
    <name>Scumble</name>
    <message>
        <location filename="../canvas.py"/>
        <source>Scumble's group is not whole any more; delete it and start live again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../canvas.py"/>
        <source>Select a layer first: the live layer is made above it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../canvas.py"/>
        <source>The live layer was removed, so live is off. Start it again to make a new one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../canvas.py"/>
        <source>Scumble's group was taken apart, so live is off. Delete it and start live again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../canvas.py"/>
        <source>The paint tap must stay below the live picture; live is off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../canvas.py"/>
        <source>The live layer was undone, so live is off. Start it again to make a new one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Scumble</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>What the picture shows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Describe the picture; it follows as you type</source>
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
        <source>Show the paint outside the selection</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Where something is selected only that is rendered; off: the rest stays empty</source>
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
        <source>Live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>A layer that shows what the model makes of the layers below, while you paint</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Apply</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Copies the picture into an ordinary layer above; live goes on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Stop</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Ends what is being rendered and turns live off; the picture stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>0 keeps your paint as it is, 1 takes nothing from it but the place</source>
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
        <source>Strength</source>
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
        <source>Another picture of the same paint and prompt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>The model that renders: the one that comes with Scumble, or a folder of yours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Choose a model's folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Scumble met an error of its own: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>● Live</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Scumble's own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../docker.py"/>
        <source>Choose a folder…</source>
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
        <source>New Seed for Live Layer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Open or make a document first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Live is off. Press Live, and a picture of your paint follows your brush.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Loading the model…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>The live layer is hidden; it rests until it is shown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Scumble met an error of its own ({error}), so live is off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>There is no live layer in this document yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Rendering the first picture…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>picture in {frame}, after the stroke {stroke}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Rendering</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>Up to date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>{n} ms</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <location filename="../live.py"/>
        <source>{n} s</source>
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
        <location filename="../widgets.py"/>
        <source>Back to what the model recommends</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
