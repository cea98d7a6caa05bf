using ControlPlane.Bench.Benchmarks;
using ControlPlane.Bench.Echo;
using ControlPlane.Bench.Harness;

namespace ControlPlane.Bench;

/// <summary>Runs the benchmarks named on the command line, or all.</summary>
internal static class Program
{
    private static readonly IBenchmark[] _all =
        [new KernelOps(), new WriterThroughput(), new GrpcUnary(), new AccessCost(), new Batches(), new EntryList(), new Swap(), new Hitless(), new Datapath(), new Modes(), new StartTime(), new DurablePut(), new Hotplug()];

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(15);

    public static async Task<int> Main(string[] args)
    {
        if (args is ["echo", var rest, var grpc])
        {
            await EchoServer.RunAsync(rest, grpc);
            return 0;
        }

        var unknown = args.Except(_all.Select(b => b.Name)).ToList();
        if (unknown.Count > 0)
        {
            Console.Error.WriteLine($"There is no benchmark {string.Join(", ", unknown)}; there are: {string.Join(", ", _all.Select(b => b.Name))}.");
            return 2;
        }

        try
        {
            await Veth.EnsureAsync();
            foreach (var benchmark in _all.Where(b => args.Length == 0 || args.Contains(b.Name)))
                Report.Print(benchmark, await Task.Run(benchmark.RunAsync).WithinAsync(_limit, benchmark.Name));
            return 0;
        }
        catch (TimeoutException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
        finally
        {
            Leftovers.RemoveAll();
        }
    }
}
