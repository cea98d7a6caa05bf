using ControlPlane.Cli.Running;

namespace ControlPlane.Cli;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        using var end = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            // The first Ctrl-C ends the command; the second ends the process.
            pressed.Cancel = !end.IsCancellationRequested;
            end.Cancel();
        };
        return await Devmapctl.RunAsync(args, Terminal.OfProcess(), end.Token);
    }
}
