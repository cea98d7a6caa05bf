using System.Runtime.InteropServices;
using ControlPlane.Demo;
using ControlPlane.TestCommon.Lab;
using Spectre.Console;

var console = AnsiConsole.Console;
if (Arguments.Parse(args, live: !Console.IsOutputRedirected, out var fault) is not { } arguments)
    return Refuse(fault!, 64);
if (Fitness.Objection() is { } objection)
    return Refuse(objection, 77);

using var interrupted = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);

// However the demo ends, everything it made is undone before the process ends.
var undo = new UndoStack();
try
{
    await new DemoRun(console, undo).RunAsync(arguments, interrupted.Token);
    return 0;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    return 0;
}
#pragma warning disable CA1031 // any failure is reported, and the rest is undone
catch (Exception failure)
#pragma warning restore CA1031
{
    return Refuse($"the demo failed: {failure.Message}", 1);
}
finally
{
    await undo.DisposeAsync();
    console.WriteLine("Removed everything the demo had made.");
}

void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    interrupted.Cancel();
}

static int Refuse(string why, int exitCode)
{
    Console.Error.WriteLine($"devmapd-demo: {why}");
    return exitCode;
}
